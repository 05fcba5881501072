import AppState
import ArgumentParser
import DrydockBase
import Emulator

/// `drydock env copy`.
struct CopyEnv: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy the app env of another app, as into a new worktree.",
    discussion: """
      What is set here already stays, unless --overwrite is given.

      Examples:
        drydock env copy --from shop
        drydock env copy --from shop --overwrite
      """)

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("The app to copy from, as drydock ps --all names it.", valueName: "handle"),
    completion: NameCompletion.apps)
  var source: String

  @Flag(help: "Take the other app's values also for what is set here.")
  var overwrite = false

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = try Session(options).selecting(rack, isNewAllowed: true)
    let apps = session.context.store.apps()
    guard let other = apps.first(where: { $0.handle == source }) else {
      throw UnknownName.error("app", source, known: apps.map(\.handle))
    }
    let values = other.appEnvironment(rack: session.rack)
    guard !values.isEmpty else { throw DrydockError(.failed, "the app env of \(source) is empty") }
    let here = try session.existingInstance(allowsNewName: true)?.appEnvironment(rack: session.rack) ?? [:]
    let kept = overwrite ? [] : values.keys.filter { here[$0] != nil && here[$0] != values[$0] }
    if !kept.isEmpty {
      session.console.warn(
        "set otherwise here, and left as it is: \(kept.sorted().joined(separator: ", ")); to take "
          + "\(source)'s: --overwrite")
    }
    let taken = values.filter { !kept.contains($0.key) }
    guard !taken.isEmpty else { return }
    try await AppEnvironmentEdit(session).change { $0.merge(taken) { $1 } }
    session.console.print("Copying \(taken.keys.sorted().joined(separator: ", "))... OK")
  }
}
