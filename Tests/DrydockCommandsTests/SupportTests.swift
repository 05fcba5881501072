import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import Foundation
import TerminalProgress
import Testing

@testable import AppState
@testable import DrydockBase
@testable import DrydockCommands
@testable import Emulator
@testable import Planning
@testable import Services

@Suite struct ErrorReportTests {
  @Test(
    arguments: [
      (DrydockError.Code.failed, 1), (.usage, 64), (.manifestInvalid, 65), (.manifestMissing, 66),
      (.unavailable, 69), (.internalFault, 70), (.cannotWrite, 73), (.notReady, 75), (.dataMismatch, 78),
    ] as [(DrydockError.Code, Int32)])
  func everyKindOfFailureHasItsStatus(_ code: DrydockError.Code, _ status: Int32) {
    #expect(ErrorReport.print(DrydockError(code, "a test's error")) == status)
  }

  @Test func othersErrorsHaveTheStatusThatFits() {
    let place = SourceLocation(file: "convox.yml", line: 1, column: 1)
    #expect(ErrorReport.print(ManifestError([Diagnostic(.error, at: place, "a test's error")])) == 65)
    #expect(ErrorReport.print(EnvironmentError(.missingRequired, names: ["A"], service: "web")) == 65)
    #expect(ErrorReport.print(Interrupted(signal: SIGINT)) == 130)
    #expect(ErrorReport.print(Interrupted(signal: SIGTERM)) == 143)
    #expect(ErrorReport.print(Interrupted(signal: SIGHUP)) == 129)
    #expect(ErrorReport.print(ExitCode(127)) == 127)
    let late = DrydockError(.notReady, "a test's error")
    #expect(ErrorReport.print(AggregateError([("a", late), ("b", DrydockError(.unavailable, "b"))])) == 69)
    struct Unknown: Error {}
    #expect(ErrorReport.print(Unknown()) == 70)
  }

  @Test func whatTheParserPrintsIsLeftToIt() {
    #expect(ErrorReport.print(ValidationError("x")) == nil)
    #expect(ErrorReport.print(CleanExit.helpRequest()) == nil)
  }

  @Test func aFindingSaysWhatWhereAndWhatNext() {
    let place = SourceLocation(file: "convox.yml", line: 3, column: 7)
    let error = Diagnostic(.error, at: place, "unknown type", suggestion: "did you mean redis?")
    #expect(ErrorReport.describe(error) == "ERROR: convox.yml:3:7: unknown type\n  did you mean redis?")
    #expect(ErrorReport.describe(Diagnostic(.warning, at: place, "hm")) == "WARNING: convox.yml:3:7: hm")
  }
}

@Suite struct FiguresTests {
  @Test(arguments: [
    (0, "0 s"), (-5, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"),
    (3661, "1 h 1 min"),
    (90_000, "1 d 1 h"), (86_401, "1 d 1 s"), (400 * 86_400, "400 d"),
  ])
  func uptimes(_ seconds: Int, _ text: String) {
    #expect(Figures.uptime(seconds) == text)
  }

  @Test(arguments: [(0, "0.00 s"), (0.214, "0.21 s"), (12, "12.00 s")])
  func seconds(_ value: Double, _ text: String) {
    #expect(Figures.seconds(value) == text)
  }
}

@Suite struct ListingTests {
  @Test func thePlan() {
    let plan = Plan(
      runtime: .native, runtimeReason: "every engine is installed",
      items: [
        .init(resource: "mydb", type: "postgres", action: .create, version: "15", port: nil, reason: "new"),
        .init(
          resource: "cache", type: "redis", action: .verify, version: "7.0", port: 15001,
          reason: "already running"),
      ])
    #expect(
      PlanTable.render(plan) == """
        runtime: native (every engine is installed)
        RESOURCE  TYPE      VERSION  ACTION  PORT   REASON
        mydb      postgres  15       create         new
        cache     redis     7.0      verify  15001  already running

        """)
  }

  private let outcomes = [
    ResourceOutcome(
      resource: "mydb", type: "postgres", wantedVersion: "12", version: "15.18", runtime: .native,
      status: .running,
      action: .create, url: "postgres://app:****@127.0.0.1:15001/app",
      drift: "postgres 12 is wanted, 15.18 runs",
      seconds: 0.512),
    ResourceOutcome(
      resource: "files", type: "efs", status: .running, action: .directory, seconds: 0),
    ResourceOutcome(
      resource: "old", type: "redis", runtime: .native, status: .removed, action: .stop, seconds: 0.1),
  ]

  @Test func theOutcomes() {
    #expect(
      OutcomeTable.render(outcomes) == """
        RESOURCE  TYPE      VERSION    RUNTIME  STATUS   URL                                      TIME
        mydb      postgres  15.18 (!)  native   running  postgres://app:****@127.0.0.1:15001/app  0.51 s
        files     efs       -          -        running  -                                        0.00 s
        old       redis     -          native   removed  -                                        0.10 s

        """)
  }

  /// What was removed is told before it is stopped.
  @Test func theSummaryNamesWhatDiffers() {
    let result = UpOperation.Result(
      plan: Plan(runtime: .native, runtimeReason: "", items: []), outcomes: outcomes,
      state: InstanceState(id: "i", handle: "web", app: "web", path: "/", resourcePassword: ""),
      manifest: Manifest(file: "convox.yml"))
    let lines = UpSummary.lines(result)
    #expect(lines.count == 2)
    #expect(lines.first == "(!) mydb: postgres 12 is wanted, 15.18 runs")
    #expect(lines[1].contains(".drydock/<service>.env"))
  }

  @Test func theStates() {
    var running = ResourceState(
      app: "web", resource: "mydb", type: "postgres", status: .running, version: "15.18")
    (running.wantedVersion, running.runtime, running.pid, running.port) = ("15", .native, 4711, 15001)
    var crashed = ResourceState(app: "web", resource: "cache", type: "redis", status: .crashed)
    (crashed.reason, crashed.container) = ("signal 9", "drydock-i-cache")
    var files = ResourceState(app: "web", resource: "files", type: "efs", status: .running)
    files.directory = "/state/files"
    #expect(
      StateTable.render([running, crashed, files], withApp: false) == """
        RESOURCE  TYPE      STATUS             WANTED  VERSION  RUNTIME  PROCESS          PORT   UPTIME
        mydb      postgres  running            15      15.18    native   pid 4711         15001  -
        cache     redis     crashed: signal 9  -       -        -        drydock-i-cache  -      -
        files     efs       running            -       -        -        /state/files     -      -

        """)
    #expect(StateTable.render([running], withApp: false, isWide: true).contains("NETWORK") == false)
    crashed.network = "drydock-i"
    let wide = StateTable.render([running, crashed], withApp: false, isWide: true).split(separator: "\n")
    #expect(wide[0].hasSuffix("UPTIME  NETWORK") && wide[1].hasSuffix("-") && wide[2].hasSuffix("drydock-i"))
    #expect(StateTable.render([crashed], withApp: false).contains("NETWORK") == false)
    let all = StateTable.render([files], withApp: true)
    #expect(all.hasPrefix("APP  RESOURCE"))
    #expect(all.split(separator: "\n").last?.hasPrefix("web  files") == true)
  }

  /// Bug: rows of 99 and 180 places wrapped on a terminal of 80.
  @Test(arguments: [60, 80, 120]) func rowsFitTheTerminal(_ screen: Int) {
    var running = ResourceState(
      app: "storefront-checkout", resource: "primary-orders", type: "postgres", status: .running,
      version: "15.18")
    (running.wantedVersion, running.runtime, running.pid, running.port) = ("15", .native, 1_234_567, 15001)
    running.startedAt = .now - 93_600
    var broken = running
    (broken.status, broken.pid, broken.container) = (.unhealthy, nil, "drydock-abc123def456-primary-orders")
    broken.reason = "FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute"
    var files = ResourceState(
      app: "storefront-checkout", resource: "files", type: "efs", status: .running)
    files.directory = "/home/somebody/.local/state/drydock/instances/abc123def456/files"
    for withApp in [true, false] {
      let table = StateTable.render([running, broken, files], withApp: withApp, screen: screen)
      let lines = table.split(separator: "\n").map(String.init)
      #expect(lines.count == 4)
      #expect(lines.allSatisfy { DisplayWidth.of($0) <= screen }, "\(table)")
      #expect(lines[1].contains("15001") && lines[1].contains("running"))
      // A name that has to give way keeps its beginning and its end.
      #expect(lines[1].contains("prim") && lines[1].contains("ers "), "\(table)")
      #expect(StateTable.render([running, broken, files], withApp: withApp).contains(files.directory ?? "?"))
    }
    var outcome = ResourceOutcome(
      resource: "primary-orders", type: "postgres", wantedVersion: "12", version: "15.18", runtime: .native,
      status: .running, action: .create, url: "postgres://app:****@127.0.0.1:15001/app",
      drift: "postgres 12 is wanted, 15.18 runs", seconds: 0.512)
    let up = OutcomeTable.render([outcome], screen: screen)
    #expect(up.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= screen }, "\(up)")
    #expect(up.contains("15.18 (!)") && up.contains("127.0.0.1:15001"), "\(up)")
    outcome.url = "postgres://somebody:****@\(String(repeating: "far.", count: 20))example.org:5432/app"
    let far = OutcomeTable.render([outcome], screen: screen)
    #expect(far.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= screen }, "\(far)")
    let item = Plan.Item(
      resource: "primary-orders", type: "postgres", action: .create, version: "15",
      reason: String(repeating: "because ", count: 30))
    let plan = PlanTable.render(Plan(runtime: .native, runtimeReason: "", items: [item]), screen: screen)
    #expect(plan.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= screen }, "\(plan)")
  }

  /// Bug: rows of 99 places wrapped on a terminal of 80.
  @Test(arguments: [60, 80, 120]) func rowsOfServicesFitTheTerminal(_ screen: Int) {
    var starting = ReplicaStatus(number: 1, state: .starting, reason: "its port 3000 refuses connections")
    (starting.id, starting.startedAt) = ("1234567", .now)
    var looping = ReplicaStatus(number: 12, state: .crashLoop)
    (looping.lastEnd, looping.restarts) = ("exit code 127, a program was not found", 17)
    let services = [
      ServiceStatus(
        service: "storefront-checkout", kind: .process, desired: 2, url: "http://127.0.0.1:27619",
        replicas: [starting, looping]),
      ServiceStatus(service: "background-worker", kind: .container, desired: 0, replicas: []),
    ]
    let table = ServiceTable.table(services, screen: screen)
    let lines = table.split(separator: "\n").map(String.init)
    #expect(lines.count == 4 && lines.allSatisfy { DisplayWidth.of($0) <= screen }, "\(table)")
    #expect(lines[1].contains("127.0.0.1:27619") && lines[1].contains("starting"), "\(table)")
    #expect(lines[2].contains("crash"), "\(table)")
    let whole = ServiceTable.table(services, screen: nil)
    #expect(whole.contains("http://127.0.0.1:27619") && whole.contains("refuses connections"))
    #expect(whole.contains("SINCE") && whole.contains("process 1234567"))
    #expect(ServiceTable.table([], screen: screen).isEmpty)
  }

  /// Bug: all other tables wrapped on a terminal.
  @Test(arguments: [60, 80, 120]) func otherTablesFitTheTerminal(_ screen: Int) throws {
    let long = "bundle exec puma -C config/puma.rb --port 3000 --environment production --workers 4"
    let plan = Table(
      header: ["SERVICE", "RUNS AS", "PORT", "REPLICAS", "WHY", "COMMAND"],
      rows: [["storefront-checkout", "container", "3000", "1", "a process needs a program: \(long)", long]]
    ).rendered(screen: screen, steps: ServicePlanPrinter.steps)
    let folder = "/home/somebody/.local/state/drydock/instances/abc123def456/volumes/uploads"
    let volumes = Table(
      header: ["VOLUME", "SERVICES", "SIZE", "IN DOCKER", "FOLDER"],
      rows: [
        [
          "uploads-of-customers", "storefront-checkout, background-worker", "12.5 MB", "drydock-abc-uploads",
          folder,
        ],
        ["shared", "-", "-", "drydock-abc123def456-volume-shared", "-"],
      ]
    ).rendered(screen: screen, steps: ListVolumes.steps)
    var timer = ConvoxManifest.Timer(name: "nightly-cleanup-of-sessions")
    (timer.service, timer.schedule, timer.command) = ("background-worker", "0 3 * * ?", long)
    let timers = TimerListing.table(
      [TimerListing(timer, after: .now)], zone: LocalTime { _ in 3600 }, screen: screen)
    let resources = ConvoxColumns.table(
      ["NAME", "TYPE", "URL"],
      [["primary-orders-database", "postgres", "postgres://app:secret@127.0.0.1:15001/app"]], screen: screen)
    let options = ConvoxColumns.table(
      ["NAME", "DEFAULT", "DESCRIPTION"], [["preferredBackupWindow", "-", long]], screen: screen)
    for text in [plan, volumes, timers, resources, options] {
      #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= screen }, "\(text)")
    }
    #expect(plan.contains("a process") && !plan.contains("a process needs a…"), "\(plan)")
    #expect(volumes.contains("…/uploads") || volumes.contains("volumes/uploads"), "\(volumes)")
    #expect(resources.contains("127.0.0.1:15001") && options.contains("production"), "\(resources)\(options)")
  }

  @Test func anEmptyListPrintsNothing() {
    #expect(StateTable.render([], withApp: false).isEmpty)
  }
}

@Suite struct ConsoleTests {
  @Test func coloursAreForTerminals() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    #expect(!Console.allowsColour(ends[1], [:]))
  }

  @Test(arguments: [
    ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
    (["TERM": "xterm"], true),
  ])
  func andForThoseWhoWantThem(_ environment: [String: String], _ expected: Bool) throws {
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    defer { close(terminal) }
    try #require(isatty(terminal) == 1)
    #expect(Console.allowsColour(terminal, environment) == expected)
  }
}

@Suite struct EveryInstanceTests {
  private let instances = ["a", "b", "c"].map {
    InstanceState(id: $0, handle: $0, app: $0, path: "/\($0)", resourcePassword: "")
  }

  @Test func oneThatFailsKeepsNoneFromItsTurn() async throws {
    let result = try await EveryInstance(instances) { instance in
      if instance.handle == "b" { throw DrydockError(.unavailable, "no Docker engine answers") }
      return [instance.handle]
    }
    #expect(result.values == ["a", "c"])
    let error = try #require(throws: AggregateError.self) { try result.finish() }
    #expect(error.code == .unavailable)
    #expect(error.failures.map(\.error.message) == ["app b: no Docker engine answers"])
  }

  @Test func ofOneAloneTheErrorIsAsItWas() async throws {
    let error = try await #require(throws: DrydockError.self) {
      _ = try await EveryInstance([instances[0]]) { _ -> [Int] in throw DrydockError(.failed, "x") }
    }
    #expect(error.message == "x")
  }
}

@Suite struct UnknownCommandTests {
  @Test(arguments: [("upp", "did you mean up? "), ("zzzzzzzzzz", "there is up, start, ")])
  func theNearestAndTheListAreNamed(_ word: String, _ start: String) throws {
    let error = try #require(Drydock.unknownCommand(in: [word, "-q"]))
    #expect(error.code == .usage && error.message == "no command is called \(word)")
    #expect(error.suggestion?.hasPrefix(start) == true)
  }

  @Test(arguments: [
    [], ["up"], ["help", "up"], ["env", "web"], ["--version"], ["---completion"], ["manifest"], ["ca"],
  ])
  func whatTheParserKnowsIsLeftToIt(_ arguments: [String]) {
    #expect(Drydock.unknownCommand(in: arguments) == nil)
  }
}

@Suite struct PruneTableTests {
  /// Bug: its rows were broken by the terminal's edge.
  @Test(arguments: [60, 80, 120]) func noRowIsWiderThanTheScreen(_ screen: Int) {
    let folder = "/home/somebody/projects/世界/a-folder-of-a-long-name/shop"
    let rows = [
      ["shop-3qcuzvv6ozywi", folder, "cache mydb orders a-resource-of-a-long-name"],
      ["dt_3qcuzvv6ozywi_", folder, "databases that drydock test --shared left in shop"],
    ]
    let table = PruneTable.render(rows, screen: screen)
    let lines = table.split(separator: "\n").map { DisplayWidth.of(String($0)) }
    #expect(lines.allSatisfy { $0 <= screen } && lines.count >= 3, "\(table)")
    #expect(table.contains("/shop") && PruneTable.render([], screen: screen) == "", "\(table)")
    #expect(PruneTable.render(rows, screen: nil).contains("  \(folder)  "))
  }
}

@Suite struct ExecutableTests {
  /// A thread of the pool blocks signals, and the program that it becomes would go on blocking them.
  @Test func aCommandStartsWithoutBlockedSignals() async {
    let blocked = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
        Executable.unblockSignals()
        var now = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &now)
        continuation.resume(
          returning: [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD].filter { sigismember(&now, $0) == 1 })
      }
    }
    #expect(blocked.isEmpty)
  }
}
