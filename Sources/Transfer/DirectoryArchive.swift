package import AppState
package import ByteStreams
import ConvoxEnvironment
import DrydockBase
package import Engines
import Essentials
import LocalFiles
import MonotonicTime
import NativeProcess
import Resources
import Servers

/// Data that travels as an archive of a directory on this machine.
package struct DirectoryArchive: Sendable {
  private let site: TransferSite
  private let transfer: DirectoryTransfer
  private let context: DrydockContext

  /// - Parameter site: A resource with a directory; any other is a fault of ours.
  package init(_ site: TransferSite, _ transfer: DirectoryTransfer, _ context: DrydockContext) {
    self.site = site
    self.transfer = transfer
    self.context = context
  }

  private var name: String { site.target.name }

  package func export(to sink: @escaping ByteSink) async throws {
    let ending = try await run(transfer.pack, in: Self.path(try directory), input: nil, output: sink)
    guard ending.exitCode != 0, !transfer.harmlessCodes.contains(ending.exitCode) else { return }
    throw failed("export", ending)
  }

  private var directory: DirectoryDescriptor {
    get throws {
      guard let directory = site.directory else {
        throw DrydockError(.internalFault, "\(name) has no directory")
      }
      return directory
    }
  }

  /// Where a tool enters an open directory: by its descriptor, as its path may lead elsewhere by then.
  private static func path(_ directory: DirectoryDescriptor) -> String {
    #if os(Linux)
      let path = "/proc/\(getpid())/fd/\(directory.descriptor)"
      if access(path, F_OK) == 0 { return path }
    #endif
    return directory.path
  }

  /// Unpacks aside first, so that an archive which is damaged or leads elsewhere changes nothing, and then moves what came
  /// out into place.
  /// - Returns: What was left out, in a sentence; nil for nothing.
  package func load(_ source: @escaping ByteSource) async throws -> String? {
    let target = try directory
    let storage = site.target.state.storage(of: name)
    let aside = context.home.resource(storage, of: site.target.state.id) + "/import-\(Secret.make())"
    // The archive says who may enter its directory: it is one more below, and nobody passes this one.
    let unpacked = "\(aside)/files"
    try Folder.make(aside, mode: 0o700)
    let remark: String?
    do {
      remark = try await load(source, by: unpacked, into: target)
    } catch {
      try? await offThePool { Self.discard(aside) }
      throw error
    }
    try? await offThePool { Self.discard(aside) }
    return remark
  }

  private func load(
    _ source: @escaping ByteSource, by unpacked: String, into target: DirectoryDescriptor
  ) async throws -> String? {
    try Folder.make(unpacked, mode: 0o700)
    let ending = try await run(transfer.unpack, in: unpacked, input: source) { _ in }
    guard ending.exitCode == 0 else { throw failed("import", ending) }
    try Task.checkCancellation()
    chmod(unpacked, 0o700)
    do {
      let taken = try await offThePool {
        var merge = DirectoryMerge(
          from: try DirectoryDescriptor(unpacked, followingLink: false), into: target)
        try merge.run()
        return merge.taken
      }
      return taken > 0 ? "set-id bits and capabilities of files were left out: \(taken)" : nil
    } catch let error as DirectoryError {
      throw DrydockError(.cannotWrite, "resource \(name): \(error)", suggestion: error.remedy)
    }
  }

  /// An archive may have made directories that not even their owner may empty.
  private static func discard(_ aside: String) {
    guard (try? Folder.remove(aside)) == nil else { return }
    if let folder = try? DirectoryDescriptor(aside, followingLink: false) { DirectoryMerge.open(folder) }
    try? Folder.remove(aside)
  }

  private func run(
    _ arguments: [String], in folder: String, input: ByteSource?, output: @escaping ByteSink
  ) async throws -> ClientEnding {
    let folders = SearchPath.folders(context.environment["PATH"])
    let candidates = (folders + ["/usr/bin", "/bin"]).map { "\($0)/\(transfer.tool)" }
    guard let program = candidates.first(where: { access($0, X_OK) == 0 }) else {
      throw DrydockError(
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

  private func failed(_ verb: String, _ ending: ClientEnding) -> DrydockError {
    DrydockError(
      .failed,
      "resource \(name): the \(verb) failed: \(transfer.tool) ended with exit code \(ending.exitCode)",
      suggestion: verb == "import" ? "nothing was changed" : nil, details: ending.lines)
  }
}
