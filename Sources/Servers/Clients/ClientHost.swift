package import ByteStreams
import DockerEngine
package import Engines

/// Where the clients of an instance's servers run: beside the servers, in both runtimes.
package protocol ClientHost: Sendable {
  /// Where a server's clients run, and what they reach there.
  func clientPlace(of launch: Launch) -> ClientPlace
  /// Finds a client and prepares what it reads.
  /// - Throws: `DrydockError.unavailable` saying what to install.
  func prepare(_ recipe: ClientRecipe, for launch: Launch) async throws -> PreparedClient
  /// Ends clients that went on when their drydock was killed: they hold locks, and nobody reads what they write.
  func endAbandonedClients(of launch: Launch) async
  /// Runs a client to its end, its streams connected.
  func run(_ client: PreparedClient, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  /// Runs a client for somebody who talks to it, on a terminal where one is given.
  /// - Returns: Its exit code.
  func console(
    _ client: PreparedClient, terminal: ConsoleTerminal?, input: @escaping ByteSource,
    output: @escaping ByteSink, error: @escaping ByteSink
  ) async throws -> Int
}

/// A client that can be run.
package struct PreparedClient: Sendable {
  /// The executable and its arguments.
  package var words: [String]
  /// Its variables beyond those of its surroundings.
  package var environment: [String: String]
  /// Variables of its surroundings that it must not see.
  package var hiddenVariables: [String] = []
  /// What it belongs to: the container's name, or the folder that it runs in.
  package var place: String
}

/// How a client ended.
package struct ClientEnding: Sendable, Hashable {
  package var exitCode: Int
  /// What it wrote to standard error, the last part of it.
  package var error: String

  /// - Parameter exitCode: 128 and the signal's number where a signal ended it.
  package init(exitCode: Int, error: String) {
    self.exitCode = exitCode
    self.error = error
  }
}
