import ConvoxEnvironment
import Engines
import Foundation
import NativeProcess

extension NativeRuntime: ClientHost {
  func clientPlace(of launch: Launch) -> ClientPlace {
    ClientPlace(
      port: launch.request.port, password: launch.clientPassword, folder: layout(launch.spec.name).folder,
      authorityFile: launch.request.verifyingAuthority)
  }

  func prepare(_ recipe: ClientRecipe, for launch: Launch) async throws -> PreparedClient {
    let tools = await installation(of: launch)?.tools ?? [:]
    guard let executable = tools[recipe.tool] else {
      let search = launch.engine.nativeSearch
      let names = search.tools[recipe.tool] ?? [recipe.tool]
      throw EmulatorError(
        .unavailable,
        "resource \(launch.spec.name): \(names.joined(separator: " or ")) is not installed on this machine",
        suggestion: "apt-get install \(search.clientPackage) (or brew install \(search.packages.brew))")
    }
    for file in recipe.files {
      do {
        try AtomicFile.write(Array(file.contents.utf8), to: file.path, mode: mode_t(file.mode))
      } catch {
        throw EmulatorError(error, resource: launch.spec.name)
      }
    }
    return PreparedClient(
      words: [executable] + recipe.arguments, environment: recipe.environment,
      hiddenVariables: recipe.hiddenVariables, place: layout(launch.spec.name).folder)
  }

  /// The installation that runs the server, else the nearest to it.
  private func installation(of launch: Launch) async -> NativeInstallation? {
    let installed = await discovery.installations(of: launch.engine)
    guard let version = launch.source.version else { return installed.first }
    return installed.best(for: version) { $0.version }
  }

  func run(_ client: PreparedClient, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  {
    let tool = Tool(
      executable: client.words[0], arguments: Array(client.words.dropFirst()),
      environment: cleanEnvironment(
        inherited: environment, home: client.place, additions: client.environment),
      workingDirectory: client.place)
    let ending = try await tool.stream(input: input, output: output)
    return ClientEnding(
      exitCode: ending.exitCode, error: String(decoding: ending.error.suffix(1 << 16), as: UTF8.self))
  }
}

extension Launch {
  /// The password that the app's clients give; empty where the server takes none.
  var clientPassword: String {
    engine.accounts != nil || request.verifyingAuthority != nil ? request.password : ""
  }
}
