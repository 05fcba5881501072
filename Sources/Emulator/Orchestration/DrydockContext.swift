import DrydockBase
import Foundation
import NativeProcess

/// What a command knows of the world around it. Nothing below reaches for globals.
package struct DrydockContext: Sendable {
  /// The caller's environment.
  package var environment: [String: String]
  /// The caller's folder; empty where that was removed.
  package var currentDirectory: String
  /// Where state lives.
  package var home: StateHome

  /// A context of these parts.
  package init(environment: [String: String], currentDirectory: String, home: StateHome? = nil) {
    self.environment = environment
    self.currentDirectory = currentDirectory
    self.home = home ?? StateHome(environment: environment)
  }

  /// The variables that this process was started with, as they were when they were first asked for.
  package static let callersEnvironment = ProcessInfo.processInfo.environment

  /// The context of this process.
  package static var live: DrydockContext {
    DrydockContext(
      environment: callersEnvironment,
      currentDirectory: FileManager.default.currentDirectoryPath)
  }

  /// The caller's folder, for what works from there.
  /// - Throws: `DrydockError.manifestMissing` where it was removed.
  package func presentDirectory() throws -> String {
    guard currentDirectory.beginsExactly(with: "/") else { throw Self.goneDirectory }
    return currentDirectory
  }

  static let goneDirectory = DrydockError(
    .manifestMissing, "the current folder is gone", suggestion: "change to a folder that is there: cd FOLDER")

  /// What is remembered of instances.
  package var store: StateStore { StateStore(home: home) }
  /// Finds and makes instances.
  package var directory: InstanceDirectory { InstanceDirectory(store: store) }

  /// The native runtime of an instance.
  /// - Throws: `DrydockError.unavailable` when drydock's own helper is missing.
  func nativeRuntime(_ id: String) throws -> NativeRuntime {
    do {
      let keeper = try Keeper.locate(environment: environment)
      return NativeRuntime(id: id, home: home, keeper: keeper, environment: environment)
    } catch {
      throw DrydockError(.unavailable, error.message, suggestion: error.suggestion)
    }
  }
}
