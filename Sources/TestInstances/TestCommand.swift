import AppState
import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
import Emulator
import NativeProcess
import Services

/// A command that is to run beside a throw-away instance, with its variables.
package struct TestCommand: Sendable {
  /// The service whose variables it gets; nil for those of all resources and what the first service has besides.
  package var service: String?
  /// The program and its arguments; empty for the service's own `test:`.
  package var words: [String]

  /// A command.
  package init(service: String?, words: [String] = []) {
    self.service = service
    self.words = words
  }

  /// The variables that it gets.
  /// - Throws: `EnvironmentError`, and `DrydockError` for a service that is not there.
  func environment(_ app: AppVariables, besides own: Set<String>) throws -> [String: String] {
    guard
      var service = try self.service.map({ try app.manifest.testedService($0) })
        ?? app.manifest.services.first
    else { return Self.values(app.variablesOfResources()) }
    // Whoever starts some resources only wants the variables of these.
    let left = Set(app.manifest.resources.map(\.name)).subtracting(app.reached)
    service.resources.removeAll { left.contains($0.resource) }
    var values = self.service == nil ? Self.values(app.variablesOfResources()) : [:]
    values.merge(Self.values(try app.variables(of: service, urls: [:]))) { $1 }
    values.merge(Self.values(app.volumeVariables(of: service))) { $1 }
    let trust = try app.trustVariables(of: service, besides: own.union(values.keys)).variables
    return values.merging(Self.values(trust)) { $1 }
  }

  /// The efs directories that the service wants at paths.
  func mounts(_ app: AppVariables) throws -> [VolumeMount] {
    guard let service else { return [] }
    return app.mounts(of: try app.manifest.testedService(service))
  }

  private static func values(_ variables: [EnvironmentVariable]) -> [String: String] {
    Dictionary(variables.map { ($0.name, $0.value) }) { $1 }
  }

  /// The program and its arguments. Signals reach a program that a shell runs, by the keeper.
  func program(_ manifest: Manifest, _ keeper: Keeper) throws -> [String] {
    guard words.isEmpty, let service else { return words }
    guard let test = try manifest.testedService(service).test, !test.isEmpty else {
      throw Self.withoutTest(service)
    }
    #if os(Linux)
      return OwnCommand.shell(test).arguments(keeper: keeper.executable)
    #else
      return OwnCommand.shell(test).arguments(keeper: nil)
    #endif
  }

  static func withoutTest(_ service: String) -> DrydockError {
    DrydockError(
      .usage, "service \(service) has no test: in the manifest",
      suggestion: "give it one, or name a command: drydock test --service \(service) -- COMMAND")
  }
}

extension Manifest {
  /// A service by its name, told apart from a command without dashes.
  package func testedService(_ name: String) throws -> Service {
    if let service = service(named: name) { return service }
    let names = services.map(\.name)
    if nearest(to: name, in: names) != nil { throw UnknownName.error("service", name, known: names) }
    throw DrydockError(
      .usage, "there is no service \(name)",
      suggestion: "to run a command, two dashes come before it: drydock test -- \(name) …")
  }

  /// The services with a `test:` of their own: the named ones, which have to have one, else all that have one.
  package func testedServices(_ names: [String]) throws -> [String] {
    for name in names {
      guard try testedService(name).test?.isEmpty == false else { throw TestCommand.withoutTest(name) }
    }
    let found = names.isEmpty ? services.filter { $0.test?.isEmpty == false }.map(\.name) : names
    guard found.isEmpty else { return found }
    throw DrydockError(
      .usage, "no service has a test: in the manifest",
      suggestion: "name a command: drydock test -- COMMAND")
  }
}
