import AppState
package import ByteStreams
import DrydockBase
package import Engines
import Essentials
import NativeProcess
import Planning

extension NativeRuntime: ClientHost {
  package func clientPlace(of launch: Launch) -> ClientPlace {
    ClientPlace(
      port: launch.request.port, password: launch.clientPassword,
      folder: home.clients(launch.spec.name, of: id),
      authorityFile: launch.request.verifyingAuthority, socket: socket(launch))
  }

  /// The server's socket. One that lay in /tmp may have been cleaned away.
  private func socket(_ launch: Launch) -> String? {
    var info = stat()
    guard let path = layout(launch.spec.name).socket(launch), lstat(path, &info) == 0,
      info.st_mode & S_IFMT == S_IFSOCK
    else { return nil }
    return path
  }

  package func prepare(_ recipe: ClientRecipe, for launch: Launch) async throws -> PreparedClient {
    try requireListener(launch)
    let tools = try await installation(of: launch)?.tools ?? [:]
    guard let executable = tools[recipe.tool] else {
      let search = launch.engine.nativeSearch
      let names = search.tools[recipe.tool] ?? [recipe.tool]
      throw DrydockError(
        .unavailable,
        "resource \(launch.spec.name): \(names.joined(separator: " or ")) is not installed on this machine",
        suggestion: search.clientRemedy(from: .ofThisMachine))
    }
    let folder = ClientFolder(home: home, id: id, resource: launch.spec.name)
    do {
      try folder.write(recipe.files)
    } catch {
      throw DrydockError(error, resource: launch.spec.name)
    }
    return PreparedClient(
      words: [executable] + recipe.arguments, environment: recipe.environment,
      hiddenVariables: recipe.hiddenVariables, place: folder.path)
  }

  /// The installation that runs the server, else the nearest to it.
  private func installation(of launch: Launch) async throws -> NativeInstallation? {
    let installed = try await discovery.installations(of: launch.engine)
    guard let version = launch.source.version else { return installed.first }
    return installed.best(for: version) { $0.version }
  }

  package func endAbandonedClients(of launch: Launch) async { OwnerMark.endAbandoned() }

  package func run(_ client: PreparedClient, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  {
    let ending = try await tool(client).stream(input: input, output: output)
    return ClientEnding(
      exitCode: ending.exitCode, error: String(decoding: ending.error.suffix(1 << 16), as: UTF8.self))
  }

  private func tool(_ client: PreparedClient) -> Tool {
    Tool(
      executable: client.words[0], arguments: Array(client.words.dropFirst()),
      environment: cleanEnvironment(
        inherited: environment, home: client.place, additions: client.environment
      ).merging([OwnerMark.variable: OwnerMark.own]) { $1 },
      workingDirectory: client.place
    ).namedInItsMark.run(as: nil, by: keeper)
  }

  package func console(
    _ client: PreparedClient, terminal: ConsoleTerminal?, input: @escaping ByteSource,
    output: @escaping ByteSink, error: @escaping ByteSink
  ) async throws -> Int {
    guard let terminal else {
      let ending = try await run(client, input: input, output: output)
      try await error(Array(ending.error.utf8))
      return ending.exitCode
    }
    var client = client
    client.environment["TERM"] = terminal.name
    return try await tool(client).onTerminal(sizes: terminal.sizes, input: input, output: output)
  }
}

extension Launch {
  /// The password that the app's clients give; empty where the server takes none.
  package var clientPassword: String {
    engine.accounts != nil || request.verifyingAuthority != nil ? request.password : ""
  }
}
