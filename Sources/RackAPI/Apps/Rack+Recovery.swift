import AppState
import DrydockBase
import LocalServer

extension Rack {
  /// What a build came to whose rack was killed.
  static let brokenOff = "the rack ended during the build"

  /// Takes over from a rack that was killed, before this one serves: its builds have failed, nothing of what it had half made
  /// is left, and what `convox start` brought up is looked after again.
  package func recover() async {
    for app in context.store.apps() {
      objects(app).removeParts()
      do {
        try await buildStore(app).failUnfinished(Self.brokenOff)
        try await Folder.removeTree(freshFolder(of: app.handle))
      } catch { log.note("\(app.handle): \(DrydockError(error).message)") }
    }
    // A rack that is being stopped already leaves it to the next one.
    try? background.start { await endForgotten() }
  }
}
