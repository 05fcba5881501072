import AppState
package import ByteStreams
import DrydockBase
package import Engines
import MonotonicTime
import Resources
import Servers

/// Data that travels through an engine's own tools.
package struct ToolDump: Sendable {
  private let site: TransferSite
  private let transfer: ToolTransfer
  /// Whether the tool may obey commands of its own in the data.
  private let isTrusted: Bool
  /// Whether what is there goes first.
  private let isReplacing: Bool

  /// By default a dump is not trusted, and is added to the data that is there.
  package init(
    _ site: TransferSite, _ transfer: ToolTransfer, isTrusted: Bool = false, isReplacing: Bool = false
  ) {
    self.isReplacing = isReplacing
    self.site = site
    self.transfer = transfer
    self.isTrusted = isTrusted
  }

  private var name: String { site.target.name }

  package func export(to sink: @escaping ByteSink) async throws {
    let ending = try await site.run(transfer.export, input: nil, output: sink)
    guard ending.exitCode != 0 else { return }
    throw DrydockError(
      .failed, "resource \(name): the export failed (exit code \(ending.exitCode))",
      suggestion: "nothing was written", details: ending.lines)
  }

  /// Loads a stream of which the first bytes are known already.
  /// - Returns: What of it was left out or changed, in a sentence; nil for nothing.
  package func load(_ source: @escaping ByteSource, head: [UInt8]) async throws -> String? {
    if let converter = transfer.converters.first(where: { $0.recognises(head) }) {
      return try await ScriptConversion(converter, site).run(source) { try await script($0) }
    }
    try refuseForeign(head)
    let start = String(decoding: head, as: UTF8.self)
    let isDump = transfer.marks.starts.contains { start.contains($0) }
    let tail = ByteTail(limit: 1024)
    let marks = transfer.marks
    return try await script {
      if let bytes = try await source() {
        tail.append(bytes)
        return bytes
      }
      guard !isDump || tail.text.contains(marks.end) else { throw Self.truncated }
      return nil
    }
  }

  /// Loads a script that is for the tool.
  private func script(_ whole: @escaping ByteSource) async throws -> String? {
    let filters = try await transfer.filters(isTrusted, try site.probeTarget)
    guard let ending = transfer.ending?(Secret.make(), isTrusted) else {
      return try await loadWhole(ScriptSource(whole, filters: filters))
    }
    let lock = isTrusted ? nil : transfer.lock?.words(Secret.make())
    let opening = (lock ?? "") + (isReplacing ? transfer.clearing : "")
    let script = ScriptSource(whole, opening: Array(opening.utf8), filters: filters)
    let ended = AppendedSource({ try await script.next() }) {
      await Array(ending.text(endsStatement: script.hasOpenStatement).utf8)
    }
    let said = ByteTail(limit: 4096)
    let leaves: @Sendable () async -> String = {
      await script.isOneTransaction
        ? "nothing was changed" : "what the dump itself committed before is in the data now"
    }
    try await load({ try await ended.next() }, leaves: leaves) { said.append($0) }
    guard said.text.contains(ending.proof) else { throw openEnded(await leaves()) }
    return await script.remarks
  }

  /// What changes the data as it goes is read to its end first.
  private func loadWhole(_ script: ScriptSource) async throws -> String? {
    let spool = try Spool()
    try await spool.fill(from: { try await script.next() })
    let left = KeptCopy.left(by: site)
    let putBack = try await prepare()
    do {
      try await isReplacing ? replace(spool) : load(spool, leaves: Self.leaves)
    } catch {
      await putBack()
      throw error
    }
    await putBack()
    let remarks = [await script.remarks, left].compactMap { $0 }
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }

  private static let leaves =
    "what comes before that line is in the data now, and what it makes anew lost what it had"

  private func load(_ spool: Spool, leaves: String) async throws {
    try await load(spool.source(), leaves: { leaves }) { _ in }
  }

  /// Loads in the place of what is there, which comes back should that fail.
  private func replace(_ spool: Spool) async throws {
    let copy = try await KeptCopy.make(of: site) { try await export(to: $0) }
    do {
      try await clear()
      try await load(spool, leaves: "what was there has been put back")
    } catch {
      try await restore(copy)
      throw error
    }
    copy.remove()
  }

  private func clear() async throws {
    let words = AppendedSource({ nil }) { [clearing = transfer.clearing] in Array(clearing.utf8) }
    try await load({ try await words.next() }, leaves: { "it stays as it is" }) { _ in }
  }

  private func restore(_ copy: KeptCopy) async throws {
    do {
      try await shieldedFromCancellation {
        try await clear()
        try await copy.read { try await load($0, leaves: { "" }) { _ in } }
      }
    } catch {
      throw DrydockError(
        .failed, "resource \(name): the import failed, and what was there could not be put back: \(error)",
        suggestion: "it is kept: drydock resources import \(name) --replace -f \(copy.path)")
    }
    copy.remove()
  }

  /// Makes the server ready.
  /// - Returns: What puts it back as it was.
  private func prepare() async throws -> @Sendable () async -> Void {
    guard let preparation = transfer.preparation, let server = site.server else { return {} }
    return try await preparation(server.runtime.target(server.launch, administrator: true))
  }

  private func load(
    _ source: @escaping ByteSource, leaves: @Sendable () async -> String, output: @escaping ByteSink
  ) async throws {
    let recipe = isTrusted ? transfer.trustingLoad : transfer.load
    let ending = try await site.run(recipe, input: source, output: output)
    guard ending.exitCode != 0 else { return }
    if let lock = transfer.lock, !isTrusted, ending.lines.first?.hasSuffix(lock.refusal) == true {
      throw tooOld(ending)
    }
    throw Self.failure(
      of: name, ending, at: transfer.failure(ending.error), log: await log(behind: ending),
      leaves: await leaves(), space: await site.spaceRemedy())
  }

  /// What the server said last, where the tool says only that it is gone.
  private func log(behind ending: ClientEnding) async -> [String] {
    guard let server = site.server, ending.error.contains(Self.isGone) else { return [] }
    return (try? await server.runtime.log(name, lines: 60)) ?? []
  }

  private static var isGone: Regex<Substring> {
    /connection to server was lost|(?:clos|terminat)(?:ed the|ing) connection|[Ll]ost connection|gone away/
  }

  /// Why an import failed.
  /// - Parameters:
  ///   - failure: Where it did, if the tool said so.
  ///   - log: The server's last lines, where the tool says only that it is gone.
  ///   - leaves: What is in the data now.
  ///   - space: What to do where it failed for want of space.
  static func failure(
    of name: String, _ ending: ClientEnding, at failure: ImportFailure?, log: [String] = [], leaves: String,
    space: String
  ) -> DrydockError {
    let isFull = WriteRemedy.saysDiskIsFull(ending.error) || log.contains(where: WriteRemedy.saysDiskIsFull)
    let reason = failure.map { "at line \($0.line): \($0.message)" } ?? "(exit code \(ending.exitCode))"
    let remedies = [isFull ? space : failure?.remedy, leaves].compactMap { $0 }
    return DrydockError(
      isFull ? .cannotWrite : .failed, "resource \(name): the import failed \(reason)",
      suggestion: remedies.joined(separator: "; "), details: ending.lines)
  }

  /// The tool has read everything, and was content, but the last words have not been carried out.
  private func openEnded(_ left: String) -> DrydockError {
    DrydockError(
      .failed,
      "resource \(name): the dump does not come to its end: its COPY data lacks the last line (\\.); \(left)",
      suggestion: "the file was cut short, or that line is missing: export it again, or complete it "
        + "(a psql of 2026 also stops at a lone ; behind COPY data: take that out)")
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

  private func refuseForeign(_ head: [UInt8]) throws {
    guard head.contains(0) else { return }
    throw DrydockError(
      .failed, "resource \(name): the input is no SQL; nothing was changed",
      suggestion: "take a file that drydock resources export wrote")
  }

  private static var truncated: DrydockError {
    DrydockError(
      .failed, "the dump breaks off: its last line is missing; nothing was changed",
      suggestion: "the file was cut short: copy or export it again")
  }
}

extension ClientEnding {
  /// The last lines of what it said.
  package var lines: [String] { error.split(whereSeparator: \.isNewline).suffix(8).map(String.init) }
}
