package import AppState
import DrydockBase
package import Emulator
import MonotonicTime
import NativeProcess

/// What `doctor` says of throw-away instances: where their data lies, and why there.
package struct TestExamination: Sendable {
  private let context: DrydockContext

  /// An examination of this machine.
  package init(context: DrydockContext) { self.context = context }

  /// Looks, and tries; never fails. Nil without the keeper, which is told of elsewhere.
  package func run() async -> Examination.Finding? {
    guard let keeper = try? context.nativeKeeper() else { return nil }
    let place = ThrowAwayPlace.choose(context.home, for: [])
    guard place.folder == context.home.throwAwayFolders.memory else {
      return finding(.warning, "new data is copied, \(place.reason)")
    }
    do {
      let folder = try await ThrowAwayFolder.make(in: place.folder, until: .after(.seconds(10)))
      defer { Folder.discard(folder.path) }
      try await DataOverlay.attempt(
        in: folder.path, owner: ProcessUser.unprivileged(["postgres", "mysql", "redis", "nobody"]),
        by: keeper,
        until: .after(.seconds(10)))
      return finding(.fine, "new data lies over a template, \(place.reason)")
    } catch DataOverlay.Refusal.system(let reason) {
      return finding(.fine, "new data is copied, \(place.reason); an overlay is refused: \(reason)")
    } catch {
      return finding(.warning, "new data is copied, \(place.reason): \(DrydockError(error).message)")
    }
  }

  private func finding(_ verdict: Examination.Finding.Verdict, _ detail: String) -> Examination.Finding {
    Examination.Finding(subject: "drydock test", verdict: verdict, detail: detail)
  }
}
