package import AppState
import ConvoxManifest
import Engines
import Essentials

extension DrydockContext {
  /// The context of this process, with the engines that drydock has.
  package static var live: DrydockContext {
    DrydockContext(
      environment: callersEnvironment,
      currentDirectory: FileManager.default.currentDirectoryPath, catalog: .builtIn)
  }
}
