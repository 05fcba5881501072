import Foundation
import NativeProcess

/// What a command knows of the world around it. Nothing below reaches for globals.
public struct DrydockContext: Sendable {
  /// The caller's environment.
  public var environment: [String: String]
  /// The caller's folder.
  public var currentDirectory: String
  /// Where state lives.
  public var home: StateHome

  /// A context of these parts.
  public init(environment: [String: String], currentDirectory: String, home: StateHome? = nil) {
    self.environment = environment
    self.currentDirectory = currentDirectory
    self.home = home ?? StateHome(environment: environment)
  }

  /// The context of this process.
  public static var live: DrydockContext {
    DrydockContext(
      environment: ProcessInfo.processInfo.environment,
      currentDirectory: FileManager.default.currentDirectoryPath)
  }

  /// What is remembered of instances.
  public var store: StateStore { StateStore(home: home) }
  /// Finds and makes instances.
  public var directory: InstanceDirectory { InstanceDirectory(store: store) }

  /// The native runtime of an instance.
  /// - Throws: `EmulatorError.unavailable` when drydock's own helper is missing.
  func nativeRuntime(_ id: String) throws -> NativeRuntime {
    do {
      let keeper = try Keeper.locate(environment: environment)
      return NativeRuntime(id: id, home: home, keeper: keeper, environment: environment)
    } catch {
      throw EmulatorError(.unavailable, error.message, suggestion: error.suggestion)
    }
  }
}
