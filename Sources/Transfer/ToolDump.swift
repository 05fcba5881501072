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
  private let notices: ImportNotices

  /// By default a dump is not trusted, and is added to the data that is there.
  package init(
    _ site: TransferSite, _ transfer: ToolTransfer, isTrusted: Bool = false, isReplacing: Bool = false,
    notices: ImportNotices = ImportNotices()
  ) {
    self.isReplacing = isReplacing
    self.notices = notices
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
    let leavings = Leavings()
    do {
      return try await load(source, head: head, leavings)
    } catch {
      if Task.isCancelled { await notices.tellOfBreak(name, error, leavings) }
      throw error
    }
  }

  private func load(_ source: @escaping ByteSource, head: [UInt8], _ leavings: Leavings) async throws
    -> String?
  {
    if let converter = transfer.converters.first(where: { $0.recognises(head) }) {
      return try await ScriptConversion(converter, site).run(source) { try await script($0, leavings) }
    }
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
    return try await script(whole, leavings)
  }

  /// Loads a script that is for the tool.
  private func script(_ whole: @escaping ByteSource, _ leavings: Leavings) async throws -> String? {
    let filters = try await transfer.filters(isTrusted, try site.probeTarget)
    guard let ending = transfer.ending?(Secret.make(), isTrusted) else {
      return try await loadWhole(ScriptSource(whole, filters: filters), leavings)
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
    leavings.are {
      await ended.hasEnded ? "it was at its end: look whether its data is there" : await leaves()
    }
    try await load({ try await ended.next() }, leaves: leaves) { said.append($0) }
    guard said.text.contains(ending.proof) else { throw openEnded(await leaves()) }
    return await script.remarks
  }

  /// What changes the data as it goes is read to its end first.
  private func loadWhole(_ script: ScriptSource, _ leavings: Leavings) async throws -> String? {
    let spool = try Spool()
    try await spool.fill(from: { try await script.next() })
    let left = KeptCopy.left(by: site)
    let server = try await prepare()
    do {
      try await isReplacing ? replace(spool, server, leavings) : add(spool, server, leavings)
    } catch {
      await server?.endWork()
      await server?.putBack()
      throw error
    }
    await server?.putBack()
    let remarks = [await script.remarks, left].compactMap { $0 }
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }

  /// Loads beside what is there.
  private func add(_ spool: Spool, _ server: PreparedServer?, _ leavings: Leavings) async throws {
    let name = name
    leavings.are {
      "what it had done by then is in the data now, the last of it in part"
        + (await Self.changed(server).map { ": \($0)" } ?? "")
        + "; to have the dump in place of all that is there: drydock resources import \(name) --replace"
    }
    try await load(spool) {
      "what comes before that line is in the data now, and what it makes anew lost what it had"
        + (await Self.changed(server).map { " (\($0))" } ?? "")
    }
  }

  /// The tables that were changed meanwhile, in words; nil where there are none, or nobody knows.
  private static func changed(_ server: PreparedServer?) async -> String? {
    guard let tables = await server?.changedTables(), !tables.isEmpty else { return nil }
    let shown = tables.prefix(10).joined(separator: ", ")
    return "tables changed meanwhile, the last one first: \(shown)" + (tables.count > 10 ? ", …" : "")
  }

  private func load(_ spool: Spool, leaves: @escaping @Sendable () async -> String) async throws {
    try await load(spool.source(), leaves: leaves) { _ in }
  }

  /// Loads in the place of what is there, which comes back should that fail.
  private func replace(_ spool: Spool, _ server: PreparedServer?, _ leavings: Leavings) async throws {
    let copy = try await KeptCopy.make(of: site) { sink in
      try await export { [notices] bytes in
        try await sink(bytes)
        notices.moved()
      }
    }
    let putBack = "what was there has been put back"
    do {
      try await clear()
      try await load(spool) { putBack }
    } catch {
      if Task.isCancelled { notices.warn("\(name): putting back what was there") }
      // It would hold up what follows, and be carried out after it.
      await server?.endWork()
      try await restore(copy)
      leavings.are { putBack }
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

  /// Makes the server ready; nil where it need not be.
  private func prepare() async throws -> PreparedServer? {
    guard let preparation = transfer.preparation, let server = site.server else { return nil }
    return try await preparation(server.runtime.target(server.launch, administrator: true))
  }

  private func load(
    _ source: @escaping ByteSource, leaves: @Sendable () async -> String, output: @escaping ByteSink
  ) async throws {
    let recipe = isTrusted ? transfer.trustingLoad : transfer.load
    let room = await RoomWatch { [site] in await site.log(lines: 400) }
    let read = ByteCounter()
    let input: ByteSource = { [notices] in
      let bytes = try await source()
      read.add(bytes?.count ?? 0)
      notices.moved()
      return bytes
    }
    let ending = try await room.during(reading: read, tell: tellOfWait) { [site] in
      try await site.run(recipe, input: input, output: output)
    }
    guard ending.exitCode != 0 else { return }
    if let lock = transfer.lock, !isTrusted, ending.lines.first?.hasSuffix(lock.refusal) == true {
      throw tooOld(ending)
    }
    // Where the tool says only that its server is gone, the server says why.
    let words = Self.saysServerIsGone(ending.error) ? await room.words() : nil
    throw Self.failure(
      of: name, ending, at: transfer.failure(ending.error), log: words.map { [$0] } ?? [],
      leaves: await leaves(), space: await site.spaceRemedy())
  }

  @Sendable private func tellOfWait() async {
    let remedy = await site.spaceRemedy()
    notices.waitsForRoom(
      "\(name): its disk is full, and the server waits for room: \(remedy); it goes on within a minute then")
  }

  /// Whether a tool lost its server, which may have ended for want of space.
  static func saysServerIsGone(_ words: String) -> Bool {
    words.contains(
      #/
      connection\ to\ server\ was\ lost | clos(ed\ the|ing)\ connection | terminat(ed\ the|ing)\ connection
      | [Ll]ost\ connection | gone\ away | unexpected\ eof
      /#)
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
