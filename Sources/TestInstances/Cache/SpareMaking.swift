package import AppState
import DrydockBase
import Essentials
package import MonotonicTime
import NativeProcess
import Servers

/// Makes spares of new data, as the work of the program in the background: see `SpareProgram`.
///
/// However it ends, a guard removes what it was about to make; what is left where that was killed too, the next one removes.
package struct SpareMaking: Sendable {
  private let context: DrydockContext

  /// For a context's home.
  package init(context: DrydockContext) { self.context = context }

  /// Makes those that are wanted, until there are none or its time is over: what is whole by then serves.
  /// - Throws: `DrydockError` in another user's home; `NativeProcessError` with `.alreadyRunning` where another one works.
  package func run(until deadline: Deadline) async throws {
    try context.home.refuseOthers()
    guard let spares = Spares(home: context.home) else { return }
    let program = SpareProgram(home: context.home)
    try program.prepare()
    try await program.process.holding {
      try program.process.publish(SpareProgram.Record())
      let keeper = try context.nativeKeeper()
      try Folder.make(context.home.spares, mode: getuid() == 0 ? 0o711 : 0o700)
      let leftovers = ThrowAwayLeftovers(parents: [spares.making], keeper: keeper)
      await leftovers.sweep(until: deadline)
      await spares.sweep()
      guard !spares.wanted().isEmpty else { return }
      try await make(spares, keeper, deadline)
    }
  }

  private func make(_ spares: Spares, _ keeper: Keeper, _ deadline: Deadline) async throws {
    let folder = try await ThrowAwayFolder.make(in: spares.making, until: deadline)
    let folderGuard = try await FolderGuard.start(
      keeper, folder: folder.path, leash: try Leash.toThisProcess(), until: deadline)
    var tried: Set<String> = []
    do {
      // Another command may want one more meanwhile.
      while let name = spares.wanted().first(where: { !tried.contains($0) }), !deadline.hasPassed {
        tried.insert(name)
        try await spares.make(
          name, in: folder.path, by: keeper, environment: context.environment, until: deadline)
      }
    } catch is TimeoutError {
      // What is whole serves.
    } catch {
      try await folderGuard.clear()
      throw error
    }
    try await folderGuard.clear()
  }
}
