import AppState
import ArgumentParser
import Essentials
import Planning
import TerminalProgress
import TestInstances

/// `drydock cache list`.
struct ListCache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List what is kept, with its kind, version, size and last use.",
    discussion: """
      Examples:
        drydock cache list
        drydock cache list --format json
      """)

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let entries = try await session.cache().entries()
    if common.format == .json { return try session.console.print(json: entries) }
    guard !entries.isEmpty else { return session.console.note("nothing is kept yet") }
    session.console.print(CacheTable.render(entries, screen: session.console.screen(isWide: lines.wide)))
  }
}

extension Session {
  /// What is kept; without the images of Docker where natively alone is meant.
  func cache() async throws -> CacheContents {
    await CacheContents(context: context, withImages: try options.runtimeChoice(context) != .native)
  }
}

/// What is kept, as a table.
enum CacheTable {
  private static let steps: [TableStep] = [.cutEnd("WHAT", least: 12), .leaveOut("LAST USED")]

  static func render(_ entries: [CacheEntry], now: Date = .now, screen: Int? = nil) -> String {
    let rows = entries.map { entry in
      [
        entry.kind.rawValue, entry.name, entry.version ?? "-",
        entry.isInUse ? "\(entry.condition.rawValue), in use" : entry.condition.rawValue,
        Figures.bytes(Int(entry.bytes)),
        entry.lastUsed.map { "\(Figures.uptime(Int(now.timeIntervalSince($0)))) ago" } ?? "-",
      ]
    }
    return Table(header: ["KIND", "WHAT", "VERSION", "STATE", "SIZE", "LAST USED"], rows: rows)
      .rendered(screen: screen, steps: steps)
  }
}
