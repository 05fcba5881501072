import ByteStreams
import DrydockBase
import Engines

/// Data that travels through an engine's own tools.
struct ToolDump: Sendable {
  private let site: TransferSite
  private let transfer: ToolTransfer
  /// Whether the tool may obey commands of its own in the data.
  private let isTrusted: Bool

  init(_ site: TransferSite, _ transfer: ToolTransfer, isTrusted: Bool = false) {
    self.site = site
    self.transfer = transfer
    self.isTrusted = isTrusted
  }

  private var name: String { site.target.name }

  func export(to sink: @escaping ByteSink) async throws {
    let ending = try await run(transfer.export, input: nil, output: sink)
    guard ending.exitCode != 0 else { return }
    throw DrydockError(
      .failed, "resource \(name): the export failed (exit code \(ending.exitCode))",
      suggestion: "nothing was written", details: ending.lines)
  }

  /// Loads a stream of which the first bytes are known already.
  func load(_ source: @escaping ByteSource, head: [UInt8]) async throws {
    try refuseForeign(head)
    let start = String(decoding: head, as: UTF8.self)
    let isDump = transfer.marks.starts.contains { start.contains($0) }
    let tail = ByteTail(limit: 1024)
    let marks = transfer.marks
    let whole: ByteSource = {
      if let bytes = try await source() {
        tail.append(bytes)
        return bytes
      }
      guard !isDump || tail.text.contains(marks.end) else { throw Self.truncated }
      return nil
    }
    guard let commit = transfer.commit else { return try await loadWhole(whole) }
    let lock = isTrusted ? nil : transfer.lock?.words(Secret.make())
    let script = ScriptSource(whole, opening: Array((lock ?? "").utf8), filter: transfer.filter(isTrusted))
    let committed = AppendedSource({ try await script.next() }, Array(commit.utf8))
    try await load({ try await committed.next() }, leaves: "nothing was changed")
  }

  /// What changes the data as it goes is read to its end first.
  private func loadWhole(_ source: @escaping ByteSource) async throws {
    let spool = try Spool()
    try await spool.fill(from: source)
    try await load(spool.source(), leaves: "what comes before that line is in the data now")
  }

  private func load(_ source: @escaping ByteSource, leaves: String) async throws {
    let recipe = isTrusted ? transfer.trustingLoad : transfer.load
    let ending = try await run(recipe, input: source) { _ in }
    guard ending.exitCode != 0 else { return }
    if let lock = transfer.lock, !isTrusted, ending.lines.first?.hasSuffix(lock.refusal) == true {
      throw tooOld(ending)
    }
    if let failure = transfer.failure(ending.error) {
      throw DrydockError(
        .failed, "resource \(name): the import failed at line \(failure.line): \(failure.message)",
        suggestion: failure.remedy.map { "\($0); \(leaves)" } ?? leaves, details: ending.lines)
    }
    throw DrydockError(
      .failed, "resource \(name): the import failed (exit code \(ending.exitCode))", details: ending.lines)
  }

  /// The tool stopped at the lock, before the data.
  private func tooOld(_ ending: ClientEnding) -> DrydockError {
    let server = site.server
    let update =
      server?.runtime.kind == .docker
      ? "pull a newer image of that version, and remove the resource's container: drydock down \(name)"
      : "update it: apt-get install --only-upgrade '\(server?.launch.engine.nativeSearch.clientPackage ?? "")*'"
    return DrydockError(
      .unavailable,
      "resource \(name): its client is too old to keep a dump from running programs here; nothing was changed",
      suggestion: "\(update); for a dump that you trust: drydock resources import --trust-dump",
      details: ending.lines)
  }

  private func run(_ recipe: ClientRecipe, input: ByteSource?, output: @escaping ByteSink) async throws
    -> ClientEnding
  {
    guard let server = site.server else { throw DrydockError(.internalFault, "\(name) has no server") }
    let client = try await server.host.prepare(recipe, for: server.launch)
    let ending = try await server.host.run(client, input: input, output: output)
    guard ending.exitCode == 127 || ending.exitCode == 126 else { return ending }
    throw DrydockError(
      .unavailable, "resource \(name): its client cannot be run", details: ending.lines)
  }

  private func refuseForeign(_ head: [UInt8]) throws {
    let foreign = transfer.foreignFormats.first { head.starts(with: Array($0.key.utf8)) }
    guard foreign != nil || head.contains(0) else { return }
    throw DrydockError(
      .failed, "resource \(name): the input is no SQL; nothing was changed",
      suggestion: foreign?.value ?? "take a file that drydock resources export wrote")
  }

  private static var truncated: DrydockError {
    DrydockError(
      .failed, "the dump breaks off: its last line is missing; nothing was changed",
      suggestion: "the file was cut short: copy or export it again")
  }
}

extension ClientEnding {
  /// The last lines of what it said.
  var lines: [String] { error.split(whereSeparator: \.isNewline).suffix(8).map(String.init) }
}
