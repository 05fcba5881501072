package import ConvoxManifest

/// The variables of a service cannot be worked out.
package struct EnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  package enum Code: String, Sendable, Hashable, Codable {
    /// `environment:` requires variables that the app env does not set.
    case missingRequired
    /// A linked resource has no endpoint: it was never started.
    case unknownEndpoint
    /// Two linked resources give variables of the same names.
    case prefixCollision
  }

  /// What is wrong.
  package var code: Code
  /// The variables or resources that it is about, sorted.
  package var names: [String]
  /// The service whose variables were asked for.
  package var service: String
  /// Where the manifest asks for the first of them; nil where there is no such place.
  package var location: SourceLocation?

  /// An error about these names.
  package init(_ code: Code, names: [String], service: String, location: SourceLocation? = nil) {
    self.code = code
    self.names = names
    self.service = service
    self.location = location
  }

  /// What is wrong in words, with its place.
  package var placedMessage: String { (location.map { "\($0): " } ?? "") + message }

  /// What is wrong in words; for missing variables, Convox's own.
  package var message: String {
    let list = names.joined(separator: ", ")
    return switch code {
    case .missingRequired: "required env: \(list)"
    case .unknownEndpoint: "service \(service) links resources that are not started: \(list)"
    case .prefixCollision: "service \(service) links resources whose variables have the same names: \(list)"
    }
  }

  /// What to do about it.
  package var suggestion: String {
    switch code {
    case .missingRequired: Service.remedy(forMissing: names)
    case .unknownEndpoint: "start them first"
    case .prefixCollision:
      "rename one of them, or unlink the created one: '-' and '_' are the same in a variable's name"
    }
  }

  /// The message.
  package var description: String { message }
}
