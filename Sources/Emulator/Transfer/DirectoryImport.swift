import Engines
import Foundation
import NativeProcess

/// Data that travels as an archive of a directory on this machine.
struct DirectoryImport: Sendable {
  private let site: TransferSite
  private let transfer: DirectoryTransfer
  private let context: DrydockContext

  init(_ site: TransferSite, _ transfer: DirectoryTransfer, _ context: DrydockContext) {
    self.site = site
    self.transfer = transfer
    self.context = context
  }

  private var name: String { site.target.name }

  func export(to sink: @escaping ByteSink) async throws {
    let ending = try await run(transfer.pack, in: site.directory, input: nil, output: sink)
    guard ending.exitCode != 0, !transfer.harmlessCodes.contains(ending.exitCode) else { return }
    throw failed("export", ending)
  }

  /// Unpacks beside the directory first, so that an archive which is damaged or leads elsewhere changes nothing, and then
  /// moves what came out into place.
  func run(_ source: @escaping ByteSource) async throws {
    let aside = context.home.resource(name, of: site.target.state.id) + "/import-\(Secret.make())"
    try Folder.make(aside, mode: 0o700)
    defer { try? Folder.remove(aside) }
    let ending = try await run(transfer.unpack, in: aside, input: source) { _ in }
    guard ending.exitCode == 0 else { throw failed("import", ending) }
    try Task.checkCancellation()
    try DirectoryMerge(from: aside, into: site.directory).run()
  }

  private func run(
    _ arguments: [String], in folder: String, input: ByteSource?, output: @escaping ByteSink
  ) async throws -> ClientEnding {
    let folders = (context.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let candidates = (folders + ["/usr/bin", "/bin"]).map { "\($0)/\(transfer.tool)" }
    guard let program = candidates.first(where: { access($0, X_OK) == 0 }) else {
      throw EmulatorError(
        .unavailable, "resource \(name): \(transfer.tool) is not installed on this machine",
        suggestion: "apt-get install \(transfer.tool)")
    }
    let tool = Tool(
      executable: program, arguments: arguments,
      environment: cleanEnvironment(inherited: context.environment), workingDirectory: folder)
    let ending = try await tool.stream(input: input, output: output)
    return ClientEnding(
      exitCode: ending.exitCode, error: String(decoding: ending.error.suffix(1 << 16), as: UTF8.self))
  }

  private func failed(_ verb: String, _ ending: ClientEnding) -> EmulatorError {
    EmulatorError(
      .failed,
      "resource \(name): the \(verb) failed: \(transfer.tool) ended with exit code \(ending.exitCode)",
      suggestion: verb == "import" ? "nothing was changed" : nil, details: ending.lines)
  }
}
