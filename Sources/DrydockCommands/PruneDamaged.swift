import AppState
import DrydockBase
import Emulator
import MonotonicTime

/// `drydock prune --damaged`: gives up what belongs to instances whose state is damaged.
struct PruneDamaged {
  let session: Session
  let format: OutputFormat
  let yes: Bool

  func run() async throws {
    let unread = session.context.store.survey().unread
    // One of a newer drydock, or that may not be read, is not damaged.
    unread.filter { $0.reason != .damaged }.forEach { session.console.warn($0.error.text) }
    var found: [DamagedInstance] = []
    for damaged in unread where damaged.reason == .damaged {
      let resources = try await instance(damaged).status().map(\.resource)
      found.append(DamagedInstance(id: damaged.id, file: damaged.file, resources: resources))
    }
    try list(found)
    guard !found.isEmpty else { return session.console.note("nothing to remove") }
    var isWanted = yes
    if !isWanted { isWanted = try await session.console.confirm("Remove the data of these for good?") }
    guard isWanted else {
      if !session.console.isInteractive {
        session.console.note("nothing was removed; to remove them: drydock prune --damaged --yes")
      }
      return
    }
    for damaged in unread where damaged.reason == .damaged {
      try await instance(damaged).remove(until: .after(.seconds(120)), notice: session.console.note)
      session.console.note("removed \(damaged.id)")
    }
  }

  private func instance(_ unread: UnreadState) -> UnreadInstance {
    UnreadInstance(context: session.context, unread: unread)
  }

  private func list(_ found: [DamagedInstance]) throws {
    if format == .json { return try session.console.print(json: found) }
    PruneTable.print(found.map { [$0.id, $0.file, $0.resources.joined(separator: " ")] }, session.console)
  }
}

/// An instance whose state is damaged.
struct DamagedInstance: Codable, Sendable {
  let id: String
  let file: String
  let resources: [String]
}
