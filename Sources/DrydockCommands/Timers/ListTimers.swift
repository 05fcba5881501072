import ArgumentParser
import ConvoxManifest
import Essentials
import Resources

/// `drydock timers list`.
struct ListTimers: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the timers with their next three runs, in UTC and in the time of this machine.",
    discussion: """
      Examples:
        drydock timers list
        drydock timers list --format json | jq '.[].next[0]'
      """)

  @OptionGroup var rack: RackOption

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let state = try session.existingInstance(allowsNewName: true)
    let manifest = try session.manifest(session.workspaceOfInstance(), state)
    let timers = manifest.timers.map { TimerListing($0, after: .now) }
    if common.format == .json { return try session.console.print(json: timers) }
    if timers.isEmpty { return session.console.note("the manifest has no timers") }
    let screen = session.console.screen(isWide: lines.wide)
    session.console.print(TimerListing.table(timers, zone: .current, screen: screen))
  }
}
