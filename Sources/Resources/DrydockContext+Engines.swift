package import AppState
package import ConvoxManifest
import Engines
import Foundation

extension DrydockContext {
  /// The context of this process, with the engines that drydock has.
  package static var live: DrydockContext {
    DrydockContext(
      environment: callersEnvironment,
      currentDirectory: FileManager.default.currentDirectoryPath)
  }

  /// A context of these parts, with the engines that drydock has.
  package init(environment: [String: String], currentDirectory: String, home: StateHome? = nil) {
    self.init(
      environment: environment, currentDirectory: currentDirectory, home: home,
      catalog: EngineRegistry.catalog)
  }
}

extension Workspace {
  /// Reads the manifest, whose resources may be of any engine that drydock has.
  /// - Throws: `ManifestError`, or `DrydockError.manifestMissing` when the file cannot be read.
  package func load(appEnvironment: [String: String]) throws -> Manifest {
    try load(appEnvironment: appEnvironment, catalog: EngineRegistry.catalog)
  }
}
