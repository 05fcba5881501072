package import AppState
package import ByteStreams
import DrydockBase
import Engines
package import HealthProbes
import MonotonicTime
package import Resources
import Servers
import Synchronization

/// Exports a resource's data as a stream of bytes, and imports it from one.
///
/// The bytes are never compressed on the way out (see `Gzip.compressing`); on the way in gzip is recognised. Each side
/// goes only as fast as the other, and the whole may be cancelled at any time.
package struct ResourceTransfer: Sendable {
  private let context: DrydockContext
  private let target: ResourceTarget
  private let watch: StallWatch
  private let warn: @Sendable (String) -> Void
  private let isTrusted: Bool
  private let isReplacing: Bool

  /// A transfer of one resource's data.
  /// - Parameters:
  ///   - isTrusted: Whether a database's client may obey what an import asks it to do besides: run programs, read files.
  ///   - isReplacing: Whether an import takes away first what is there.
  ///   - stallLimit: How long nothing may move before it is given up; the whole may take any time.
  ///   - warn: Told what the user has to know meanwhile, and of an import that is broken off, what it left.
  ///   - progress: Told how many bytes have moved so far, uncompressed.
  package init(
    context: DrydockContext, target: ResourceTarget, isTrusted: Bool = false, isReplacing: Bool = false,
    stallLimit: Duration = .seconds(900),
    warn: @escaping @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (_ bytes: Int) -> Void = { _ in }
  ) {
    self.context = context
    self.target = target
    self.isTrusted = isTrusted
    self.warn = warn
    self.isReplacing = isReplacing
    self.watch = StallWatch(patience: stallLimit, progress: progress)
  }

  /// Exports all data.
  /// - Throws: `DrydockError`: the type has no export, the resource does not run, a tool is missing or fails.
  package func export(to sink: @escaping ByteSink) async throws {
    let method = try method("export")
    let site = try await TransferSite(target, context, verb: "export")
    let output = watch.counting(sink)
    try await guarding("the export of \(target.name)") {
      switch try method(site) {
      case .tools(let tools): try await ToolDump(site, tools).export(to: output)
      case .server(let make): try await make(try site.probeTarget).export(to: output)
      case .directory(let transfer):
        try await DirectoryArchive(site, transfer, context).export(to: output)
      }
    }
  }

  /// Imports data into what is there. Where the engine permits, one that fails leaves the data as it was.
  /// - Throws: `DrydockError`: the type has no import, the resource does not run, a tool is missing, the data is refused.
  /// - Returns: What was left out of the data or changed in it, in a sentence; nil for nothing.
  @discardableResult
  package func `import`(from source: @escaping ByteSource) async throws -> String? {
    let leftOut = Mutex<String?>(nil)
    let method = try method("import")
    if let origin = target.record?.source {
      throw DrydockError(
        .failed, "resource \(target.name) is a read replica", suggestion: "import into its source: \(origin)")
    }
    let site = try await TransferSite(target, context, verb: "import")
    let shortage = Mutex<String?>(nil)
    let notices = ImportNotices(
      warn: warn,
      waitsForRoom: { [warn] words in
        shortage.withLock { $0 = words }
        warn(words)
      },
      moved: { [watch] in
        shortage.withLock { $0 = nil }
        watch.count(0)
      })
    try await guarding(
      "the import into \(target.name)", stalledFor: { shortage.withLock { $0 } }
    ) { [watch, context, isTrusted, isReplacing] in
      let input = PeekedSource(try await Self.expanded(source))
      guard try await !input.peek(1).isEmpty else {
        throw DrydockError(
          .failed, "there is nothing to import: the input is empty", suggestion: "nothing was changed")
      }
      try ForeignFormat.refuse(try await input.peek(ForeignFormat.length), into: site.target.name)
      let counted = watch.counting { try await input.next() }
      switch try method(site) {
      case .tools(let tools):
        let dump = ToolDump(site, tools, isTrusted: isTrusted, isReplacing: isReplacing, notices: notices)
        let words = try await dump.load(counted, head: try await input.peek(1024))
        leftOut.withLock { $0 = words }
      case .server(let make):
        do { try await make(try site.probeTarget).load(from: counted, replacing: isReplacing) } catch {
          throw await Self.fullDisk(error, site) ?? error
        }
      case .directory where isReplacing:
        throw DrydockError(
          .failed, "--replace not available for resources of type: \(site.target.type)",
          suggestion: "the files that the archive names are replaced anyway")
      case .directory(let transfer):
        let archive = DirectoryArchive(site, transfer, context)
        let words = try await archive.load(counted)
        leftOut.withLock { $0 = words }
      }
    }
    return leftOut.withLock { $0 }
  }

  /// The error of a server that has no room on its disk; nil for any other.
  private static func fullDisk(_ error: any Error, _ site: TransferSite) async -> DrydockError? {
    guard let failure = error as? ProbeFailure, WriteRemedy.saysDiskIsFull("\(failure)") else { return nil }
    return DrydockError(
      .cannotWrite, "resource \(site.target.name): \(failure)",
      suggestion: "\(await site.spaceRemedy()); nothing was changed")
  }

  /// The engine's method, once it is known where its clients run.
  private func method(_ verb: String) throws -> @Sendable (TransferSite) throws -> TransferMethod {
    let refusal = TransferSite.refusal(target, verb)
    let nowhere = ClientPlace(port: 0, password: "", folder: "")
    guard let engine = target.engine, engine.transfer(nowhere) != nil else { throw refusal }
    return { site in
      guard let method = engine.transfer(site.place) else { throw refusal }
      return method
    }
  }

  private static func expanded(_ source: @escaping ByteSource) async throws -> ByteSource {
    let peeked = PeekedSource(source)
    let plain: ByteSource = { try await peeked.next() }
    let head = try await peeked.peek(Gzip.magic.count)
    return head == Gzip.magic ? try Gzip.expanding(plain) : plain
  }

  /// - Parameter shortage: What held up a transfer of which nothing moved any more, where that is known.
  private func guarding(
    _ subject: String, stalledFor shortage: () -> String? = { nil },
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    do {
      try await watch.run(subject) { try await body() }
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as ScriptRefusal {
      throw DrydockError(
        .failed, "resource \(target.name): the dump is refused: \(error.reason); nothing was changed",
        suggestion: error.remedy)
    } catch let error as TransferFormatError {
      throw DrydockError(
        .failed, "resource \(target.name): \(error.message); nothing was changed",
        suggestion: error.suggestion)
    } catch let error as TimeoutError {
      guard let shortage = shortage() else { throw DrydockError(error, resource: target.name) }
      throw DrydockError(.cannotWrite, "\(error)", suggestion: shortage)
    } catch {
      throw DrydockError(error, resource: target.name)
    }
  }
}

extension TransferSite {
  /// Where the server is asked as the app.
  package var probeTarget: ProbeTarget {
    get throws {
      guard let server else { throw DrydockError(.internalFault, "\(target.name) has no server") }
      return server.runtime.target(server.launch, administrator: false)
    }
  }
}
