import AppState
import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import HealthProbes
import MonotonicTime
import NativeProcess
import Planning
import TestInstances

/// `drydock test`.
struct Test: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Run tests with throw-away resources, of which nothing is left afterwards.",
    usage: """
      drydock test [<options>] -- <command> ...
      drydock test [<options>] [<service> ...]
      drydock test serve [<options>]
      drydock test clone <resource> [<template>]
      """,
    discussion: """
      Starts real engines for the manifest's resources: with ports, passwords and
      empty databases of their own, in memory if there is room, without syncing to
      disk. The command gets their variables; its exit code becomes drydock's. What
      drydock up has started is not touched, and any number of these can run at once.

      Without a command, the test: of each service in the manifest is run, one after
      the other, each with new resources.

      Each test can have a clean database of its own: while the command runs,
      IntegreSQL's clients get them from each PostgreSQL, MySQL and MariaDB. In a
      shell, drydock test clone prints the URL of a new copy of the resource's
      database, as it was at the first call.

      With serve, the resources stay until Ctrl-C, for commands in other shells.
      Their variables are printed, and written to a file that shells can read.

      With --shared, SQL servers are those that drydock up has started, with new,
      empty databases that are dropped afterwards. Caches and other resources without
      databases are started for the run and thrown away.

      Examples:
        drydock test -- pytest
        drydock test --service web -- bin/test
        drydock test --only mydb -- go test ./...
        drydock test web worker
        drydock test --seed mydb=seed.sql.gz -- pytest
        drydock test --seed-command bin/migrate --seed-inputs 'db/*.sql' -- pytest
        drydock test --shared -- go test ./...
        drydock test serve --only mydb
        DATABASE_URL=$(drydock test clone mydb)
      """)

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp(
      "The services whose test: is run, else all that have one; or, behind two dashes, a command.",
      valueName: "service"),
    completion: NameCompletion.services)
  var words: [String] = []

  /// What stands behind the dashes; nil without them.
  private var command: [String]? {
    words.firstIndex(of: "--").map { Array(words[words.index(after: $0)...]) }
  }
  private var services: [String] { Array(words.prefix { $0 != "--" }) }

  @Option(
    help: ArgumentHelp(
      "The service whose variables the command gets; else those of all resources, on top of the first service's.",
      valueName: "name"),
    completion: NameCompletion.services)
  var service: String?

  @Option(
    help: ArgumentHelp("Start this resource alone; may be repeated.", valueName: "name"),
    completion: NameCompletion.resources)
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Import this file before the command; may be repeated.", valueName: "resource=file"))
  var seed: [String] = []

  @Option(
    name: .customLong("seed-command"),
    help: ArgumentHelp(
      "Run this by sh after the imports, with the command's variables.", valueName: "command"))
  var seedCommand: String?

  @Option(
    name: .customLong("seed-inputs"), parsing: .upToNextOption,
    help: ArgumentHelp(
      "The files by which the seed command's result is known, and kept; patterns.", valueName: "glob"))
  var seedInputs: [String] = []

  @Option(
    help: ArgumentHelp("Seconds until resources that are not ready are an error.", valueName: "seconds"))
  var timeout: Double = 120

  @Flag(help: "Take the SQL servers that run, with new databases in them.")
  var shared = false

  @Flag(help: .hidden)
  var serve = false

  @Option(help: "How serve prints variables: dotenv, docker, shell, json or github. (default: dotenv)")
  var format: EnvironmentFormat?

  @Flag(name: .customLong("keep-on-failure"), help: "Leave the resources running where the command fails.")
  var keepOnFailure = false

  @Flag(help: "List what --keep-on-failure has left.")
  var kept = false

  @Option(help: ArgumentHelp("Remove what --keep-on-failure has left.", valueName: "name"))
  var remove: String?

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func validate() throws {
    guard timeout > 0, timeout <= 1_000_000 else {
      throw ValidationError("--timeout takes a number of seconds above 0, a million at most")
    }
    // Whatever is no option of this command comes with the words.
    if ["-h", "--help"].contains(services.first) { throw CleanExit.helpRequest(Self.self) }
    if let option = services.first(where: { $0.hasPrefix("-") }) {
      throw ValidationError(
        services.first == option
          ? "unknown option \(option)" : "options come before services: drydock test \(option) …")
    }
    if command?.isEmpty == true { throw ValidationError("no command stands behind the dashes") }
    if let first = services.first, command != nil {
      throw ValidationError("a command's service is named by --service: drydock test --service \(first) -- …")
    }
    if serve {
      try validateServing()
    } else if format != nil {
      throw ValidationError("--format goes with serve: drydock test serve --format json")
    }
    if shared, keepOnFailure { throw ValidationError("with --shared nothing is kept: leave one of them out") }
    if shared, !seed.isEmpty || !seedInputs.isEmpty {
      throw ValidationError(
        "--shared takes no --seed and keeps no seeds: fill the databases by --seed-command")
    }
    if service != nil, command == nil, !serve {
      throw ValidationError("--service goes with a command: drydock test --service NAME -- COMMAND")
    }
    if seedCommand == nil, !seedInputs.isEmpty {
      throw ValidationError("--seed-inputs goes with --seed-command")
    }
    if let wrong = seed.first(where: { seedFile($0) == nil }) {
      throw ValidationError("--seed takes RESOURCE=FILE, not \(wrong)")
    }
    if kept || remove != nil, !words.isEmpty || (kept && remove != nil) {
      throw ValidationError("--kept and --remove stand alone")
    }
  }

  func run() async throws {
    let session = try Session(options).selecting(rack)
    if kept || remove != nil { return try await tend(session) }
    if command == nil, services.first == "serve" {
      throw DrydockError(
        .usage, "serve stands before the options", suggestion: "drydock test serve --only RESOURCE …")
    }
    if command == nil, services.first == TestClone.verb {
      return try await TestClone(Array(services.dropFirst())).run(session)
    }
    // What the command prints is its own business.
    Interruption.goOnUnread()
    let run = TestRun(context: session.context, request: try request(session))
    if serve { return try await hold(run, session) }
    var failed: Int32 = 0
    for command in try commands(run.manifest()) {
      if services.count != 1, let name = command.service, self.command == nil {
        session.console.note("\(name): its tests")
      }
      let status = try await self.run(command, run, session)
      // Whoever interrupts one wants no other.
      if Interruption.isUnderWay {
        throw status == 0 ? CancellationError() as any Error : CommandEnded(status: status)
      }
      if failed == 0 { failed = status }
    }
    if failed != 0 { throw CommandEnded(status: failed) }
  }

  private func seedFile(_ text: String) -> SeedRequest.File? {
    let parts = text.splitExactly(at: "=", maxSplits: 1, omittingEmpty: false).map { String($0) }
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    return SeedRequest.File(resource: parts[0], path: parts[1])
  }

  func commands(_ manifest: Manifest) throws -> [TestCommand] {
    for name in only + seed.compactMap({ seedFile($0)?.resource }) where manifest.resource(named: name) == nil
    {
      throw UnknownName.error("resource", name, known: manifest.resources.map(\.name))
    }
    if let service { _ = try manifest.testedService(service) }
    if serve { return [TestCommand(service: service)] }
    if let command { return [TestCommand(service: service, words: command)] }
    return try manifest.testedServices(services).map { TestCommand(service: $0) }
  }

  private func request(_ session: Session) throws -> TestRequest {
    TestRequest(
      workspace: try session.workspaceToBringUp(), app: options.app,
      extraEnvironment: try session.extraEnvironment(), rack: rack.name,
      choice: try options.runtimeChoice(session.context), selected: only.isEmpty ? nil : Set(only),
      patience: .seconds(timeout),
      seeds: SeedRequest(files: seed.compactMap(seedFile), command: seedCommand, inputs: seedInputs),
      isShared: shared)
  }

  private func run(_ command: TestCommand, _ run: TestRun, _ session: Session) async throws -> Int32 {
    try await showing(session) { surroundings, _ in
      try await run.run(command, in: surroundings, keepsOnFailure: keepOnFailure)
    }
  }

  /// Does something while it is shown how resources come up.
  func showing<Value: Sendable>(
    _ session: Session, _ body: (TestRun.Surroundings, UpDisplay) async throws -> Value
  ) async throws -> Value {
    let console = session.console
    let display = UpDisplay(isatty(STDERR_FILENO) == 1 || options.verbose ? console : console.quietened)
    var events = display.events
    events.findings = { _ in }
    let planned = events.planned
    events.planned = { plan in
      for item in plan.items where item.action == .external {
        console.warn("\(item.resource) is not thrown away: a URL in the app env stands in for it")
      }
      planned(plan)
    }
    var surroundings = TestRun.Surroundings(
      events: events,
      place: { place in
        if console.isVerbose { console.note("the data is \(place.reason) (\(place.folder))") }
      },
      mounting: { words, mounts in try MountHelper.locate(session.context).wrap(words, mounts) },
      signal: { Interruption.cause }, restored: PostgresVariables.takenOut,
      notice: { console.note($0) }, kept: { Self.tell(of: $0, console) })
    // What a command prints stands below the lines that were drawn, and no drawing goes over it.
    surroundings.isUp = { await display.close() }
    surroundings.lent = { names, others in
      let rest =
        others.isEmpty ? "" : "; started for this run alone: \(others.sorted().joined(separator: ", "))"
      let lent =
        names.isEmpty ? "nothing here has databases" : "new databases: \(names.joined(separator: ", "))"
      console.note(lent + rest)
    }
    return try await display.following { try await body(surroundings, display) }
  }

  private static func tell(of kept: KeptInstance, _ console: Console) {
    console.warn("the command failed, and its resources are kept, as \(kept.id)")
    for (name, url) in kept.urls.sorted(by: { $0.key < $1.key }) { console.warn("  \(name)=\(url)") }
    console.warn("  logs: \(kept.folder)/engines; to remove it: drydock test --remove \(kept.id)")
  }

  /// Lists or removes what was kept.
  private func tend(_ session: Session) async throws {
    if let remove {
      let leftovers = ThrowAwayLeftovers(
        home: session.context.home, keeper: try session.context.nativeKeeper())
      try await leftovers.remove(remove, until: .after(.seconds(60)))
      return session.console.note("\(remove) is removed")
    }
    let kept = ThrowAwayFolders(home: session.context.home).kept()
    if kept.isEmpty { return session.console.note("drydock test has kept nothing") }
    session.console.print(kept.joined(separator: "\n"))
  }
}
