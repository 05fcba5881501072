import AppState
import ConvoxEnvironment
package import Engines
package import MonotonicTime
package import NativeProcess

/// Runs an engine's own tools as the engine's user.
package struct EngineTools: Sendable {
  /// Nil keeps the user that runs drydock.
  package let user: ProcessUser?
  /// Makes that user of root.
  package let keeper: Keeper
  /// The caller's environment, of which tools get the little that they may know.
  package let environment: [String: String]

  /// Makes a folder that belongs to the engine's user.
  package func makeFolder(_ path: String) throws {
    try Folder.make(path, mode: 0o700)
    if let user { try Folder.give(path, user: user.userID, group: user.groupID) }
  }

  /// Runs a command on a data directory that is being made.
  /// - Parameters:
  ///   - folder: Where it runs, its home as well.
  ///   - aside: The directory: what a killed run leaves behind is found by it.
  @discardableResult
  package func run(
    _ command: NativeCommand, in folder: String, making aside: String, until deadline: Deadline
  )
    async throws -> ToolOutput
  {
    let tool = Tool(
      executable: command.executable, arguments: command.arguments,
      environment: cleanEnvironment(inherited: environment, home: folder, additions: command.environment)
        .merging(NativeLayout.making(aside)) { $1 },
      workingDirectory: folder)
    return try await tool.run(as: user, by: keeper).run(
      input: Array(command.input.utf8), until: deadline)
  }

  /// Makes a data directory by a recipe's general commands.
  package func initialise(
    _ recipe: NativeRecipe, in folder: String, making aside: String, progress: ProgressSink,
    until deadline: Deadline
  ) async throws {
    for command in recipe.initialise {
      progress(command.phase)
      try await run(command, in: folder, making: aside, until: deadline)
    }
    for name in recipe.identityFiles { try Folder.remove("\(aside)/\(name)") }
  }
}
