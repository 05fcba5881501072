import DrydockBase

/// A resource of the manifest.
package struct Resource: Sendable, Hashable {
  /// The key under `resources:`.
  package var name: String
  /// The type's own name in the catalog.
  package var type: String
  /// The type as it is written, which may be a v3 name.
  package var declaredType: String
  /// v3's `image:`, which beats the version.
  package var image: String?
  /// The options that are set, in the order of the file.
  package var options: [ResourceOption]
  /// Where the name stands.
  package var location: SourceLocation

  /// A resource of these parts.
  package init(
    name: String, type: String, declaredType: String? = nil, image: String? = nil,
    options: [ResourceOption] = [],
    location: SourceLocation
  ) {
    self.name = name
    self.type = type
    self.declaredType = declaredType ?? type
    self.image = image
    self.options = options
    self.location = location
  }

  /// The prefix of its variables: upper-cased, `-` as `_`.
  package var environmentPrefix: String { Resource.environmentPrefix(of: name) }

  /// The prefix of the variables of a resource of that name.
  package static func environmentPrefix(of name: String) -> String {
    name.uppercased().replacingExactly("-", with: "_")
  }

  /// The value of an option, if it is set.
  package func option(_ name: String) -> String? { options.last { $0.name == name }?.value }
}

/// An option that is set on a resource.
package struct ResourceOption: Sendable, Hashable {
  /// The key.
  package var name: String
  /// The value as YAML 1.1 resolves it: unquoted `8.0` is `8`.
  package var value: String
  /// Where the value stands.
  package var location: SourceLocation

  /// An option with its value and place.
  package init(name: String, value: String, location: SourceLocation) {
    self.name = name
    self.value = value
    self.location = location
  }
}
