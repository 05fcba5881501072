import ArgumentParser
import Emulator

/// `drydock ps`.
struct Ps: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "Show every resource: its status, version, process and port.",
    discussion: """
      Works from what exists, without a manifest.

      Examples:
        drydock ps
        drydock ps --all --format json
      """)

  @Flag(help: "Every instance on this machine.")
  var all = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let instances = all ? session.context.store.all() : try session.existingInstance().map { [$0] } ?? []
    let found = try await EveryInstance(instances) {
      try await StatusOperation(context: session.context).run($0)
    }
    try render(found.values, session)
    try found.finish()
  }

  private func render(_ states: [ResourceState], _ session: Session) throws {
    if common.format == .json { return try session.console.print(json: states) }
    if states.isEmpty { session.console.note("nothing is here yet; start it: drydock up") }
    session.console.print(StateTable.render(states, withApp: all, verbose: common.shared.verbose))
    for state in states {
      for (option, value) in (state.acceptedOptions ?? [:]).sorted(by: { $0.key < $1.key }) {
        let place = state.options?[option].map { "\(option) is \($0) here, and \(value) on AWS" }
        session.console.note(
          "\(state.resource): \(place ?? "\(option) of convox.yml has no effect"), as was accepted")
      }
    }
    for state in states where state.status == .crashed {
      state.lastLog?.forEach { session.console.note("\(state.resource) | \($0)") }
    }
  }
}
