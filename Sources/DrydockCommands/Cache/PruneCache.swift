import AppState
import ArgumentParser
import TestInstances

/// `drydock cache prune`.
struct PruneCache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove templates, spares and kept seeds that nobody uses at this moment.",
    discussion: """
      No app's data is touched: what is removed is made again when it is needed,
      which costs time once. Servers that were relocated since this machine started
      stay, since running ones read them, and so does anything else in the cache.
      Images with data that drydock test made in Docker are removed too, unless you
      say --runtime native.

      Examples:
        drydock cache prune
        drydock cache prune --format json
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    try session.context.home.refuseOthers()
    let (removed, used) = try await session.cache().prune()
    for entry in used { session.console.warn("\(entry.description) is in use, and stays") }
    if common.format == .json { return try session.console.print(json: removed) }
    for entry in removed {
      session.console.print("removed \(entry.description), \(Figures.bytes(Int(entry.bytes)))")
    }
    let total = removed.reduce(0) { $0 + $1.bytes }
    session.console.note(
      removed.isEmpty
        ? "nothing to remove" : "\(Figures.bytes(Int(total))) are free again; no app's data was touched")
  }
}

extension CacheEntry {
  /// What it is, in a few words.
  fileprivate var description: String {
    [kind.rawValue, name, version].compactMap { $0 }.joined(separator: " ")
  }
}
