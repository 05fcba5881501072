import ArgumentParser
import ConvoxManifest
import Emulator
import Essentials
import MonotonicTime

/// `drydock up`.
struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Start the app's resources, prove them healthy, write their variables.",
    discussion: """
      Examples:
        drydock up
        drydock up mydb cache --timeout 60
        drydock up --runtime native --port mydb=15432
        drydock up --dry-run --format json

      With -q only errors are printed, and what --format json or --dry-run
      ask for.
      """)

  @Argument(help: "The resources to bring up; else all.", completion: NameCompletion.resources)
  var resources: [String] = []

  @Option(
    help: ArgumentHelp(
      "Seconds until resources that are not ready are an error; images are pulled before they count.",
      valueName: "seconds"))
  var timeout: Double = 120

  @Flag(help: "Fetch nothing; fail at once if something is missing.")
  var offline = false

  @Flag(
    name: .customLong("strict-version"), help: "Fail where another version than the wanted one would run.")
  var strictVersion = false

  @Option(
    name: .customLong("port"),
    help: ArgumentHelp("A port of your own for a resource; may be repeated.", valueName: "name=port"),
    completion: NameCompletion.resourceAssignment,
    transform: PortChoice.init(parsing:))
  var ports: [PortChoice] = []

  @Flag(
    name: .customLong("force-ssl"), inversion: .prefixedNo,
    help: "Have PostgreSQL refuse connections without TLS, as RDS does from 15 on; kept until changed.")
  var forceSSL: Bool?

  @Option(
    name: .customLong("accept-options"),
    help: ArgumentHelp(
      "Go on with this resource's data although AWS would refuse its options; may be repeated.",
      valueName: "name"),
    completion: NameCompletion.resources)
  var acceptedOptions: [String] = []

  @Flag(name: .customLong("dry-run"), help: "Print the plan and change nothing.")
  var dryRun = false

  @OptionGroup var lines: WideOption

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func validate() throws {
    // More than a clock's arithmetic is sure to hold would end the program.
    guard timeout > 0, timeout <= 1_000_000 else {
      throw ValidationError("--timeout takes a number of seconds above 0, a million at most")
    }
    for (index, choice) in ports.enumerated() {
      for other in ports[..<index] where other.resource == choice.resource || other.port == choice.port {
        throw ValidationError(
          other.resource == choice.resource
            ? "--port names \(choice.resource) twice"
            : "--port gives \(choice.port) to \(other.resource) and to \(choice.resource)")
      }
    }
  }

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    let extra = try ExtraEnvironment(common.shared.environmentFiles)
    extra.tell(session, session.instanceIfKnown)
    let display = UpDisplay(session.console)
    let operation = UpOperation(
      context: session.context, workspace: try session.workspaceToBringUp(), app: common.shared.app,
      extraEnvironment: extra.values,
      choice: try common.shared.runtimeChoice(session.context), options: upOptions, events: display.events)
    do {
      let result = try await display.following { try await operation.run() }
      if !dryRun { extra.remember(session, result.state) }
      try render(result, session.console)
      if !dryRun { try await session.warnOfIdleLinks(of: result.state) }
    } catch {
      if error is CancellationError {
        session.console.note("what was ready already goes on running; to stop it: drydock down")
      }
      throw error
    }
  }

  private var upOptions: UpOptions {
    var options = UpOptions(
      selected: resources.isEmpty ? nil : Set(resources), deadline: .after(.seconds(timeout)),
      isOffline: offline,
      isStrict: strictVersion, ports: Dictionary(ports.map { ($0.resource, $0.port) }) { first, _ in first },
      isDryRun: dryRun, rack: rack.name, forcesTLS: forceSSL)
    options.accepted = Set(acceptedOptions)
    return options
  }

  private func render(_ result: UpOperation.Result, _ console: Console) throws {
    let screen = console.screen(isWide: lines.wide)
    switch (common.format, dryRun) {
    case (.json, true): try console.print(json: result.plan)
    case (.json, false): try console.print(json: result.outcomes)
    case (.table, true): console.print(PlanTable.render(result.plan, screen: screen))
    case (.table, false) where result.outcomes.isEmpty:
      return console.note("\(result.manifest.file) has no resources: there is nothing to start")
    // Whoever wants quiet knows what he started; JSON he has asked for.
    case (.table, false) where console.isQuiet: return
    case (.table, false): console.print(OutcomeTable.render(result.outcomes, screen: screen))
    }
    if common.format == .table, !dryRun { UpSummary.lines(result).forEach(console.note) }
  }
}

/// `NAME=PORT`.
struct PortChoice: Sendable {
  let resource: String
  let port: Int

  init(parsing argument: String) throws {
    guard let split = argument.lastIndex(of: "="), split != argument.startIndex else {
      throw ValidationError("it takes NAME=PORT")
    }
    let number = argument[argument.index(after: split)...]
    guard let port = Int(number), (1...65535).contains(port) else {
      throw ValidationError("a port is a number from 1 to 65535, not '\(number)'")
    }
    self.resource = String(argument[..<split])
    self.port = port
  }
}
