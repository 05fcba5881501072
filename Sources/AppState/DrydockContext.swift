package import ConvoxManifest
package import DrydockBase
import Essentials

/// What a command knows of the world around it. Nothing below reaches for globals.
package struct DrydockContext: Sendable {
  /// The caller's environment.
  package var environment: [String: String]
  /// The caller's folder; empty where that was removed.
  package var currentDirectory: String
  /// Where state lives.
  package var home: StateHome
  /// The resource types that manifests may name.
  package var catalog: ResourceCatalog

  /// drydock's own executable, which goes on in the background with what nobody waits for; nil where nothing is to go on.
  package var program: String?
  /// What a throw-away instance ends with; nil for one that goes on.
  package var throwAway: ThrowAway?

  /// A context of these parts.
  package init(
    environment: [String: String], currentDirectory: String, home: StateHome? = nil, catalog: ResourceCatalog
  ) {
    self.environment = environment
    self.currentDirectory = currentDirectory
    self.home = home ?? StateHome(environment: environment)
    self.catalog = catalog
  }

  /// The caller's environment for another drydock in another folder, which is to find the same home and the same cache: a
  /// home that the caller named is named in full. One that was not named stays so, as a named one has a cache of its own.
  package var environmentElsewhere: [String: String] {
    let isNamed = environment["DRYDOCK_HOME"].map { !$0.isEmpty } ?? false
    guard isNamed || StateHome(environment: environment) != home else { return environment }
    return environment.merging(["DRYDOCK_HOME": home.root]) { $1 }
  }

  /// The variables that this process was started with, as they were when they were first asked for.
  package static let callersEnvironment = ProcessInfo.processInfo.environment

  /// The caller's folder, for what works from there.
  /// - Throws: `DrydockError.manifestMissing` where it was removed.
  package func presentDirectory() throws -> String {
    guard currentDirectory.beginsExactly(with: "/") else { throw Self.goneDirectory }
    return currentDirectory
  }

  package static let goneDirectory = DrydockError(
    .manifestMissing, "the current folder is gone", suggestion: "change to a folder that is there: cd FOLDER")

  /// What is remembered of instances.
  package var store: StateStore { StateStore(home: home) }
  /// Finds and makes instances.
  package var directory: InstanceDirectory { InstanceDirectory(store: store, catalog: catalog) }
}
