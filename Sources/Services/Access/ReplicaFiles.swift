package import AppState
package import ByteStreams
import Containers
import DockerEngine
import DrydockBase
import MonotonicTime

/// The files that a replica sees, as tar archives.
package struct ReplicaFiles: Sendable {
  private static let patience = Duration.seconds(600)

  private let access: ReplicaAccess
  private let context: DrydockContext

  /// The files around a replica that runs.
  package init(_ access: ReplicaAccess, _ context: DrydockContext) {
    self.access = access
    self.context = context
  }

  /// Whether it is a process of this machine, whose files are this machine's.
  package var isOnThisMachine: Bool {
    if case .process = access.place { return true }
    return false
  }

  /// Unpacks an archive whose names are absolute. A folder is replaced by nothing else.
  /// - Throws: `DrydockError` saying why not; what `next` throws.
  package func put(_ next: @escaping ByteSource) async throws {
    switch access.place {
    case .process:
      let said = try await run("tar --no-same-owner --no-overwrite-dir -C / -xf -", next)
      guard said.code != 0 else { return }
      throw DrydockError(.failed, "the files could not be unpacked", details: said.lastLines)
    case .container(let id, _):
      try await client().putArchive(
        into: id, path: "/", replacesFolders: false, until: .after(Self.patience), next: next)
    }
  }

  /// Packs a file or a folder, under its own name.
  /// - Parameter path: An absolute path.
  /// - Throws: `DrydockError` for a path where nothing is; what `output` throws.
  package func get(_ path: String, _ output: @escaping ByteSink) async throws {
    switch access.place {
    case .process:
      let quoted = Self.quoted(path)
      // What tar complains of would be among the bytes of the archive.
      let text = """
        p=\(quoted); [ -e "$p" ] || exit 44; p=${p%/}
        exec tar -C "${p%/*}/" -cf - -- "${p##*/}" 2>/dev/null
        """
      let command = try await ReplicaCommand(text, beside: access, context)
      let code = try await command.run(terminal: nil, input: { nil }, output: output)
      if code == 44 { throw Self.missing(path) }
      guard code == 0 else {
        throw DrydockError(.failed, "\(path) could not be read whole", suggestion: "look at its permissions")
      }
    case .container(let id, _):
      let found = try await client().getArchive(
        of: id, path: path, patience: InstanceContainers.callLimit, each: output)
      guard found else { throw Self.missing(path) }
    }
  }

  /// Removes files; a path that is not absolute is taken from where the replica's program began. What is not there is fine.
  package func remove(_ paths: [String]) async throws {
    let text = "rm -f -- " + paths.map(Self.quoted).joined(separator: " ")
    let said = try await run(text) { nil }
    guard said.code != 0 else { return }
    throw DrydockError(.failed, "the files could not be removed", details: said.lastLines)
  }

  private func run(_ text: String, _ input: @escaping ByteSource) async throws -> (
    code: Int, lastLines: [String]
  ) {
    let command = try await ReplicaCommand(text, beside: access, context)
    let said = ByteTail(limit: 4096)
    let code = try await command.run(terminal: nil, input: input) { said.append($0) }
    let lines = String(decoding: said.last, as: UTF8.self).splitExactly(at: "\n").suffix(5)
    return (code, Array(lines))
  }

  private func client() async throws -> DockerClient {
    try await DockerAccess(environment: context.environment).connect()
  }

  private static func missing(_ path: String) -> DrydockError {
    DrydockError(.failed, "no such file: \(path)")
  }

  /// A text as one word of a shell.
  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
