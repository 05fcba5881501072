package import ByteStreams
import Containers
package import DockerEngine
package import DrydockBase
package import Engines
import Essentials
import MonotonicTime
import NativeProcess
import Planning

extension ContainerRuntime: ClientHost {
  package func clientPlace(of launch: Launch) -> ClientPlace {
    ClientPlace(
      port: launch.engine.standardPort, password: launch.clientPassword, folder: "/drydock",
      authorityFile: launch.request.verifyingAuthority == nil ? nil : Self.authorityPath)
  }

  private static let authorityPath = "/drydock/authority.crt"

  package func prepare(_ recipe: ClientRecipe, for launch: Launch) async throws -> PreparedClient {
    let container = names.container(launch.spec.name)
    var files = recipe.files
    if let authority = launch.request.verifyingAuthority {
      let certificate = try String(contentsOfFile: authority, encoding: .utf8)
      files.append(RecipeFile(Self.authorityPath, certificate, mode: 0o444))
    }
    if !files.isEmpty {
      try await containers.put(Self.files(files), into: container, folder: Self.folder, until: soon)
    }
    // The image's shell knows which of a tool's names there is, and becomes the tool.
    let spellings = launch.engine.nativeSearch.tools[recipe.tool] ?? [recipe.tool]
    let search = spellings.map { "command -v \($0)" }.joined(separator: " || ")
    let script =
      "tool=$(\(search)) || { echo 'the image has no \(spellings[0])' >&2; exit 127; }; "
      + "\(OwnerMark.naming); exec \"$tool\" \"$@\""
    return PreparedClient(
      words: ["sh", "-c", script, spellings[0]] + recipe.arguments, environment: recipe.environment,
      place: container)
  }

  package func run(_ client: PreparedClient, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  {
    let said = ByteTail(limit: 1 << 16)
    let code = try await execute(client, terminal: nil, input: input) { chunk in
      if chunk.stream == .stdout { try await output(chunk.bytes) } else { said.append(chunk.bytes) }
    }
    return ClientEnding(exitCode: code, error: said.text)
  }

  /// Runs a client in its container.
  package func execute(
    _ prepared: PreparedClient, terminal: AsyncStream<TerminalSize>?, input: ByteSource?,
    each: @escaping @Sendable (LogChunk) async throws -> Void
  ) async throws -> Int {
    let mark = "\(OwnerMark.variable)=\(OwnerMark.own).\(Secret.make())"
    var config = Self.asRoot(prepared.words)
    config.hasTerminal = terminal != nil
    config.environment = [mark] + prepared.environment.map { "\($0.key)=\($0.value)" }.sorted()
    do {
      return try await client.exec(
        config, in: prepared.place, patience: InstanceContainers.callLimit,
        sizes: terminal, input: input.map(Self.writer), each: each)
    } catch {
      await end(mark, in: prepared.place)
      throw error
    }
  }

  private static func writer(_ source: @escaping ByteSource) -> StreamInput.Writer {
    return { stream in
      while let bytes = try await source() { try await stream.write(bytes) }
    }
  }

  package func endAbandonedClients(of launch: Launch) async {
    let container = names.container(launch.spec.name)
    let script =
      "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/environ; done 2>/dev/null | grep '^\(OwnerMark.variable)='"
    let config = Self.asRoot(["sh", "-c", script])
    let found = try? await client.exec(config, in: container, until: .after(.seconds(10)))
    let marks = String(decoding: found?.stdout ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
    let given = Set(marks.map { $0.split(separator: ".").prefix(2).joined(separator: ".") })
    for mark in given where OwnerMark.isAbandoned(mark.dropFirst(OwnerMark.variable.count + 1)) {
      await end(mark, in: container)
    }
  }

  /// Ends a client that nobody listens to any more; the engine's API has no way to.
  ///
  /// Its mark is as it was given until the client runs, and ends in the number of its session from then on. What has that
  /// from it and is in another session, its owner has started to stay.
  private func end(_ mark: String, in container: String) async {
    let script = #"""
      for p in /proc/[0-9]*; do
        mark=$(tr '\0' '\n' <$p/environ | grep "^$0") && read -r line <$p/stat || continue
        set -- ${line##*) }
        case $mark in "$0" | "$0.$4") kill "${p#/proc/}" ;; esac
      done 2>/dev/null
      true
      """#
    let config = Self.asRoot(["sh", "-c", script, mark])
    _ = try? await shieldedFromCancellation { [client] in
      try await client.exec(config, in: container, until: .after(.seconds(10)))
    }
  }
}
