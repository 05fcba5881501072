import AppState
import ArgumentParser
import DrydockBase
import Emulator
import MonotonicTime
import Services
import TestInstances

/// `drydock ps`.
struct Ps: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "Show every resource and service: its status, version, process and port.",
    discussion: """
      Needs no manifest: it shows what exists.

      Examples:
        drydock ps
        drydock ps --services
        drydock ps --all --format json
      """)

  @Flag(help: "Every instance on this machine, and what drydock test has kept.")
  var all = false

  @Flag(help: "The services alone; with --format json the only way to have them.")
  var services = false

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let unread = session.unreadInstances(all: all)
    let instances =
      all
      ? session.context.store.all() : unread.isEmpty ? try session.existingInstance().map { [$0] } ?? [] : []
    let started = try await startedServices(of: instances, session)
    if services {
      if started.isEmpty, common.format == .table { session.console.note("no service is started") }
      return try ServiceTable.render(started, common.format, session.console, lines)
    }
    let found = try await EveryInstance(instances) {
      try await StatusOperation(context: session.context).run($0)
    }
    var states = found.values
    for unread in unread {
      session.console.warn(unread.error.text)
      states += try await UnreadInstance(context: session.context, unread: unread).status()
    }
    let kept = all ? KeptInstances(session.context) : nil
    let tests = kept?.all() ?? []
    for test in tests { states += try await kept?.status(of: test) ?? [] }
    if states.isEmpty, started.isEmpty, common.format == .table {
      session.console.note("nothing is here yet; start it: \(session.firstStart)")
    }
    try render(states, session)
    if common.format == .table {
      try ServiceTable.render(started, .table, session.console, lines)
    }
    if all { try tellFolderless(instances, session) }
    for test in tests {
      session.console.note(
        "\(test.name) was kept by drydock test; to remove it: drydock test --remove \(test.name)")
    }
    try found.finish()
  }

  /// The services that are started.
  private func startedServices(
    of instances: [InstanceState], _ session: Session
  ) async throws -> [ServiceStatus] {
    var found: [ServiceStatus] = []
    for instance in instances where instance.created == nil {
      let client = SupervisorProcess(context: session.context, id: instance.id).client
      let services = try await client.ask(ControlRequest(.status), until: .after(.seconds(10))) ?? []
      found += services.map { service in
        var service = service
        service.app = all ? instance.handle : nil
        return service
      }
    }
    return found
  }

  /// Says which apps have no folder any more, and how they get one.
  private func tellFolderless(_ instances: [InstanceState], _ session: Session) throws {
    for app in instances {
      let reason: String
      switch try session.context.directory.folderLoss(app) {
      case nil: continue
      case .gone: reason = "any more (last \(app.path))"
      case .replaced(let other?): reason = "of its own: \(app.path) is that of \(other) now"
      case .replaced(nil): reason = "any more: another one is at \(app.path) now"
      }
      session.console.note(
        "\(app.handle) has no folder \(reason); to give one its data: cd FOLDER; drydock adopt \(app.handle)")
    }
  }

  private func render(_ states: [ResourceState], _ session: Session) throws {
    if common.format == .json { return try session.console.print(json: states) }
    let screen = session.console.screen(isWide: lines.wide)
    session.console.print(StateTable.render(states, withApp: all, isWide: lines.wide, screen: screen))
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
