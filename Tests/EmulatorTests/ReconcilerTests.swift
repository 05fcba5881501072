import AppStateTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import NativeProcess
import ServersTestSupport
import Synchronization
import Testing
import TransportSecurity

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Engines
@testable import Planning
@testable import Resources
@testable import Servers

@Suite struct ReconcilerTests {
  /// One `up` after its plan: the reconciler, with what it is to carry out.
  private struct Try {
    let test: TestHome
    let runtime: FakeRuntime
    var specs: [ResourceSpec]
    var state = AppStateTestSupport.state()
    var options = UpOptions(deadline: .after(.seconds(30)))
    var transport: [String: TransportSetup] = [:]
    var observed: [String: Observation] = [:]
    var source = ServerSource.installed("1.0.1")
    var done: @Sendable (ResourceOutcome) -> Void = { _ in }

    func run() async throws -> (outcomes: [ResourceOutcome], state: InstanceState) {
      let plan = try Planner.plan(
        specs, selected: options.selected, state: state, observed: observed,
        runtime: (runtime.kind, "asked for"),
        ports: options.ports)
      let reconciler = Reconciler(
        state: state, context: test.context, runtime: runtime, options: options, transport: transport,
        progress: { _, _ in },
        done: done)
      let outcomes = try await reconciler.carryOut(
        plan, specs: Dictionary(specs.map { ($0.name, $0) }) { $1 },
        sources: Dictionary(specs.map { ($0.name, source) }) { $1 }, observed: observed)
      return (outcomes, await reconciler.state)
    }
  }

  @Test func whatIsDecidedIsWrittenDownBeforeAnythingStarts() async throws {
    try await TestHome.with { test in
      let seen = Mutex<InstanceState?>(nil)
      let runtime = FakeRuntime { launch in
        let saved = try test.store.load("abc123def456")
        seen.withLock { $0 = saved }
        #expect(saved?.resources["mem"]?.port == launch.request.port)
        #expect(saved?.resources["mem"]?.administratorPassword == launch.request.administratorPassword)
        #expect(launch.request.marker == saved?.marker(of: "mem"))
        #expect(!launch.hasVerifiedData)
      }
      let (outcomes, state) = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      #expect(runtime.calls == ["prepare", "start mem"])
      let before = try #require(seen.withLock { $0 })
      #expect(before.runtime == .native)
      #expect(before.resources["mem"]?.dataVersion == nil)
      #expect(state.resources["mem"]?.dataVersion == "1.0.1")
      #expect(try test.store.load(state.id) == state)
      let outcome = try #require(outcomes.first)
      let port = try #require(state.resources["mem"]?.port)
      #expect(outcome.status == .running && outcome.action == .create && outcome.version == "1.0.1")
      #expect(outcome.url == "127.0.0.1:\(port)")
      #expect(outcome.drift == nil)
      #expect(PortRange.standard.contains(port))
    }
  }

  /// Bug: --timeout passed in the middle of a download, which began again the next time.
  @Test func theTimeCountsFromTheEndOfWhatIsFetched() async throws {
    try await TestHome.with { test in
      let deadline = Deadline.after(.seconds(3))
      let runtime = FakeRuntime(
        .docker,
        fetching: { source in
          var pause = Backoff()
          while !deadline.hasPassed { try await pause.sleep(until: .after(.seconds(30)), "the deadline") }
          return source
        })
      var attempt = Try(test: test, runtime: runtime, specs: [fake("mem")])
      attempt.options = UpOptions(deadline: deadline)
      attempt.source = .pulled("fake:1.0")
      let (outcomes, _) = try await attempt.run()
      #expect(outcomes.first?.status == .running)
      #expect(runtime.calls == ["fetch mem", "prepare", "start mem"])
    }
  }

  @Test func whatCannotBeFetchedLeavesWhatRunsAsItIs() async throws {
    try await TestHome.with { test in
      let before = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("mem")]).run().state
      let runtime = FakeRuntime(
        .native, fetching: { _ in throw DrydockError(.unavailable, "the registry has none") })
      var again = Try(test: test, runtime: runtime, specs: [fake("mem")], state: before)
      again.observed = ["mem": Observation(.running(since: nil), hasData: true, isStopping: true)]
      again.source = .pulled("fake:1.0")
      let error = try await #require(throws: AggregateError.self) { _ = try await again.run() }
      #expect(error.code == .unavailable && error.failures.map(\.resource) == ["mem"])
      #expect(runtime.calls == ["fetch mem"])
      #expect(try test.store.load(before.id) == before)
    }
  }

  /// Whoever lists containers knows apps by their names; those of an earlier drydock keep what they are called.
  @Test(arguments: [RuntimeKind.docker, .native])
  func aNewContainersNameCarriesTheApp(_ kind: RuntimeKind) async throws {
    try await TestHome.with { test in
      let first = try await Try(test: test, runtime: FakeRuntime(kind), specs: [fake("mem")]).run().state
      let name = "drydock-\(first.handle)-\(first.id)-mem"
      #expect(first.resources["mem"]?.container == (kind == .docker ? name : nil))
      #expect(first.format == (kind == .docker ? 2 : 1), "an older drydock would not find it")
      let names = ResourceNames(id: first.id, state: first)
      #expect(names.volume("mem") == "drydock-\(first.id)-mem")
      guard kind == .docker else { return }
      var known = first
      known.handle = "renamed"
      #expect(ResourceNames(id: known.id, state: known).container("mem") == name)
      known.rename("mem", to: "cache")
      #expect(ResourceNames(id: known.id, state: known).container("cache") == name)
      known.resources["cache"]?.container = nil
      known.format = 1
      #expect(ResourceNames(id: known.id, state: known).container("cache") == "drydock-\(first.id)-mem")
      let again = try await Try(test: test, runtime: FakeRuntime(kind), specs: [fake("cache")], state: known)
        .run()
      #expect(again.state.resources["cache"]?.container == nil && again.state.format == 1)
    }
  }

  @Test func aSecondTimeIsOnlyVerified() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      let first = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      var again = Try(test: test, runtime: runtime, specs: [fake("mem")], state: first.state)
      again.observed = ["mem": Observation(.running(since: nil), hasData: true)]
      let second = try await again.run()
      #expect(runtime.calls == ["prepare", "start mem"])
      #expect(second.outcomes.first?.action == .verify)
      #expect(second.state == first.state)
    }
  }

  /// Bug: a server that ended between the look at it and its proof failed the whole `up`.
  @Test func aServerThatEndsBeforeItIsProvedIsStartedAgain() async throws {
    try await TestHome.with { test in
      let first = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("mem")]).run()
      let runtime = FakeRuntime(alive: [.dead(reason: "signal 9"), .alive])
      var again = Try(test: test, runtime: runtime, specs: [fake("mem")], state: first.state)
      again.observed = ["mem": Observation(.running(since: nil), hasData: true)]
      #expect(try await again.run().outcomes.first?.status == .running)
      #expect(runtime.calls == ["resolve mem", "start mem"])
    }
  }

  /// Bug: a port was recorded, the server not yet restarted with it; the next `up` waited for it there in vain.
  @Test func aRestartIsRecordedUntilItIsProved() async throws {
    try await TestHome.with { test in
      let first = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("mem")]).run()
      let runtime = FakeRuntime { _ in
        let saved = try test.store.load("abc123def456")
        #expect(saved?.resources["mem"]?.isRestarting == true)
      }
      var again = Try(test: test, runtime: runtime, specs: [fake("mem")], state: first.state)
      again.observed = ["mem": Observation(.running(since: nil), hasData: true, isStopping: true)]
      let second = try await again.run()
      #expect(runtime.calls == ["prepare", "stop mem", "start mem"])
      #expect(second.state.resources["mem"]?.isRestarting == nil)
    }
  }

  /// Bug: a first start that took longer than `up` waited was killed by the next one, its data discarded and begun again,
  /// because TLS was taken for something new.
  @Test func aFirstStartThatTookTooLongIsGoneOnWith() async throws {
    try await TestHome.with { test in
      let database = try specs("resources:\n  mydb: { type: postgres }\n")
      let setup = TransportSetup(
        identity: KeyedCertificate(certificate: "", privateKey: ""),
        record: TransportRecord(
          policy: .optional, authorityFile: "", authority: "a", expires: .distantFuture, passwordHash: nil))
      let runtime = FakeRuntime(.docker) { _ in throw TimeoutError("the start") }
      var first = Try(test: test, runtime: runtime, specs: database)
      first.transport = ["mydb": setup]
      await #expect(throws: AggregateError.self) { _ = try await first.run() }
      let state = try #require(try test.store.load("abc123def456"))
      #expect(state.resources["mydb"]?.transport == setup.record)
      #expect(state.resources["mydb"]?.dataVersion == nil)
    }
  }

  @Test func anEncryptedRedisWithoutTLSIsRefusedBeforeItStarts() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime(.docker)
      let redis = try specs("resources:\n  cache: { type: redis, options: { encrypted: true } }\n")
      let failure = await #expect(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: runtime, specs: redis).run()
      }
      let error = try #require(failure?.failures.first?.error)
      #expect(error.code == .unavailable)
      #expect(
        error.message
          == "resource cache: redis 1.0.1 has no TLS, which encrypted: true needs; outside of AWS it came with 6.0"
      )
      #expect(error.suggestion == "name a newer version in convox.yml")
      #expect(runtime.calls == ["prepare"])
    }
  }

  /// A failed `up` that planned storage 50 → 200 must not keep 200, which could never shrink again.
  @Test func optionsAreDeployedOnceTheResourceCameUp() async throws {
    try await TestHome.with { test in
      func wanting(_ storage: String) -> ResourceSpec {
        ResourceSpec(name: "mem", engine: FakeEngine(), version: "1.0", options: ["storage": storage])
      }
      let first = try await Try(test: test, runtime: FakeRuntime(), specs: [wanting("50")]).run()
      let failing = FakeRuntime { _ in
        // What a drydock that is killed here leaves behind.
        #expect(try test.store.load("abc123def456")?.resources["mem"]?.options == ["storage": "50"])
        throw DrydockError(.failed, "no space")
      }
      var again = Try(test: test, runtime: failing, specs: [wanting("200")], state: first.state)
      again.observed = ["mem": Observation(.stopped, hasData: true)]
      await #expect(throws: AggregateError.self) { _ = try await again.run() }
      #expect(try test.store.load("abc123def456")?.resources["mem"]?.options == ["storage": "50"])
      var third = Try(test: test, runtime: FakeRuntime(), specs: [wanting("200")], state: first.state)
      third.observed = again.observed
      #expect(try await third.run().state.resources["mem"]?.options == ["storage": "200"])
    }
  }

  @Test func aTakenPortMovesOnAndStays() async throws {
    try await TestHome.with { test in
      let taken = Mutex<Int?>(nil)
      let runtime = FakeRuntime { launch in
        let isFirst = taken.withLock { first in
          defer { first = first ?? launch.request.port }
          return first == nil
        }
        if isFirst { throw PortTakenError(port: launch.request.port, owner: "PID 1 (init)") }
      }
      let (_, state) = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      let first = try #require(taken.withLock { $0 })
      let port = try #require(state.resources["mem"]?.port)
      #expect(port != first)
      #expect(runtime.calls == ["prepare", "start mem", "stop mem", "start mem"])
      #expect(try test.store.load(state.id)?.resources["mem"]?.port == port)
      let ports = PortAllocator(folder: test.home.ports)
      #expect(ports.ports(of: "\(state.id)/mem") == [port])
      #expect(ports.owner(of: first) == nil)
    }
  }

  @Test func aPortOfTheUsersDoesNotMove() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime { throw PortTakenError(port: $0.request.port, owner: "PID 1 (init)") }
      var attempt = Try(test: test, runtime: runtime, specs: [fake("mem")])
      let port = try freePort()
      attempt.options.ports = ["mem": port]
      let error = try await #require(throws: AggregateError.self) { _ = try await attempt.run() }
      let failure = try #require(error.failures.first?.error)
      #expect(failure.message == "port \(port) for mem is taken by PID 1 (init)")
      #expect(failure.suggestion?.contains("--port mem=PORT") == true)
    }
  }

  /// A stranger that answers where our own server is believed to run is no reason to stop ours.
  @Test func aServerThatIsOnlyVerifiedIsNeitherStoppedNorMoved() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      let first = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      let stranger = FakeEngine { _ in throw ProbeFailure.stranger(expected: "ours", found: "theirs") }
      var again = Try(test: test, runtime: runtime, specs: [fake("mem", stranger)], state: first.state)
      again.observed = ["mem": Observation(.running(since: nil), hasData: true)]
      let error = try await #require(throws: AggregateError.self) { _ = try await again.run() }
      #expect(error.failures.first?.error.message.contains("is taken by a server that is not ours") == true)
      #expect(runtime.calls == ["prepare", "start mem"])
      #expect(try test.store.load(first.state.id)?.resources == first.state.resources)
    }
  }

  @Test func aPortOfTheUsersIsKept() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      let first = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      let old = try #require(first.state.resources["mem"]?.port)
      var attempt = Try(test: test, runtime: runtime, specs: [fake("mem")], state: first.state)
      attempt.observed = ["mem": Observation(.running(since: nil), hasData: true)]
      let port = try freePort()
      attempt.options.ports = ["mem": port]
      let (outcomes, state) = try await attempt.run()
      #expect(state.resources["mem"]?.port == port)
      #expect(outcomes.first?.url == "127.0.0.1:\(port)")
      #expect(runtime.calls.suffix(3) == ["prepare", "stop mem", "start mem"])
      #expect(PortAllocator(folder: test.home.ports).owner(of: old) == nil)
      attempt.state = state
      attempt.options.ports = [:]
      #expect(try await attempt.run().state.resources["mem"]?.port == port)
    }
  }

  /// Also where another fails, of which the whole tells nothing but the failure.
  @Test func whatIsReadyIsToldBeforeAllAre() async throws {
    try await TestHome.with { test in
      let told = Mutex<[String]>([])
      let runtime = FakeRuntime { launch in
        if launch.spec.name == "bad" { throw DrydockError(.failed, "a test's error") }
      }
      var attempt = Try(test: test, runtime: runtime, specs: [fake("good"), fake("bad")])
      attempt.done = { outcome in told.withLock { $0.append(outcome.resource) } }
      await #expect(throws: AggregateError.self) { _ = try await attempt.run() }
      #expect(told.withLock { $0 } == ["good"])
    }
  }

  @Test func aPortOfAnotherAppIsRefusedByTheAppsName() async throws {
    try await TestHome.with { test in
      let port = try freePort()
      let other = AppStateTestSupport.state("other1234567", handle: "shop")
      try test.store.save(other)
      try Folder.make(test.home.ports, mode: 0o700)
      try PortAllocator(folder: test.home.ports).reserve(exact: port, owner: "\(other.id)/cache")
      var attempt = Try(test: test, runtime: FakeRuntime(), specs: [fake("mem")])
      attempt.options.ports = ["mem": port]
      let error = try await emulatorError { _ = try await attempt.run() }
      #expect(error.message == "port \(port) is reserved for cache of shop")
    }
  }

  @Test func everyFailureIsTold() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime { launch in
        if launch.spec.name != "b" { throw DrydockError(.unavailable, "\(launch.spec.name) broke") }
      }
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: runtime, specs: [fake("c"), fake("b"), fake("a")]).run()
      }
      #expect(error.failures.map(\.resource) == ["c", "a"])
      #expect(error.failures.map(\.error.message) == ["c broke", "a broke"])
      #expect(error.code == .unavailable)
      // The one that works is left running, and remembered.
      #expect(!runtime.calls.contains("stop b"))
      #expect(try test.store.load("abc123def456")?.resources["b"]?.dataVersion == "1.0.1")
    }
  }

  @Test func whatIsNotReadyInTimeSaysWhereItIs() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      let engine = FakeEngine { _ in throw ProbeFailure.starting(message: "loading") }
      var attempt = Try(test: test, runtime: runtime, specs: [fake("mem", engine)])
      attempt.options.deadline = .after(.seconds(1))
      let error = try await #require(throws: AggregateError.self) { _ = try await attempt.run() }
      let failure = try #require(error.failures.first?.error)
      #expect(error.code == .notReady && error.code.rawValue == 75)
      #expect(failure.message == "resource mem was not ready in time: still starting: loading")
      #expect(failure.details == ["mem's last words"])
      #expect(!runtime.calls.contains("stop mem"))
    }
  }

  @Test func whatEndsBeforeItIsReadySaysSoAtOnce() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime(alive: [.dead(reason: "exit code 3")])
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      }
      let failure = try #require(error.failures.first?.error)
      #expect(failure.code == .failed)
      #expect(failure.message == "resource mem ended before it was ready: exit code 3")
      #expect(failure.details == ["mem's last words"])
    }
  }

  /// Bug: MariaDB says no word of the disk where its log cannot grow, and so it was "ended: unknown" with exit code 1.
  @Test func whatEndsOnAFullDiskWithoutAWordOfItSaysSo() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime(
        alive: [.dead(reason: "exit code 1")],
        lastWords: "[ERROR] Unknown/unsupported storage engine: InnoDB", isDiskFull: true)
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      }
      let failure = try #require(error.failures.first?.error)
      #expect(failure.code == .cannotWrite && failure.message.contains("want of space"))
      #expect(failure.suggestion?.contains("free some space") == true)
    }
  }

  @Test func aServerThatDiesOfATakenPortMovesOn() async throws {
    try await TestHome.with { test in
      let log = "Could not create server TCP listening socket 127.0.0.1:15001: bind: Address already in use"
      let runtime = FakeRuntime(alive: [.dead(reason: "exit code 1")], lastWords: log)
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: runtime, specs: [fake("mem")]).run()
      }
      #expect(error.failures.first?.error.message.contains("is taken by another process") == true)
      // It does not go on for ever.
      #expect(runtime.calls.count { $0 == "start mem" } == 21)
      let owner = "abc123def456/mem"
      #expect(PortAllocator(folder: test.home.ports).ports(of: owner).count == 1)
    }
  }

  /// An image's script starts a temporary server on a first start, which answers as the later one does.
  @Test func aFreshContainerIsLookedAtTwice() async throws {
    try await TestHome.with { test in
      let looks = Mutex(0)
      let accounts = EngineAccounts(
        nativeAdministrator: "root", containerAdministrator: "root", maintenanceDatabase: "app")
      let engine = FakeEngine(accounts: accounts) { _ in
        let look = looks.withLock { count in
          count += 1
          return count
        }
        return ServerReport(flavour: .redis, version: "1.0.1", runID: look == 1 ? "temporary" : "real")
      }
      let runtime = FakeRuntime(.docker)
      let first = try await Try(test: test, runtime: runtime, specs: [fake("mem", engine)]).run()
      // Three of the administrator's, two of the app's.
      #expect(looks.withLock { $0 } == 5)
      var again = Try(test: test, runtime: runtime, specs: [fake("mem", engine)], state: first.state)
      again.observed = ["mem": Observation(.stopped, hasData: true)]
      _ = try await again.run()
      #expect(looks.withLock { $0 } == 6)
    }
  }

  @Test func aFreshContainerWhoseImageMakesNoAccountsIsLookedAtOnce() async throws {
    try await TestHome.with { test in
      let looks = Mutex(0)
      let engine = FakeEngine { _ in
        looks.withLock { $0 += 1 }
        return ServerReport(flavour: .memcached, version: "1.0.1")
      }
      _ = try await Try(test: test, runtime: FakeRuntime(.docker), specs: [fake("mem", engine)]).run()
      #expect(looks.withLock { $0 } == 1)
    }
  }

  @Test func whatWasStartedIsStoppedWhenNobodyWaitsAnyMore() async throws {
    try await TestHome.with { test in
      let (asked, isAsked) = AsyncStream<Void>.makeStream()
      let engine = FakeEngine { _ in
        isAsked.yield()
        try await Task.sleep(for: .seconds(600))
        throw ProbeFailure.unreachable(reason: "")
      }
      let runtime = FakeRuntime()
      let first = fake("first", engine)
      var attempt = Try(test: test, runtime: runtime, specs: [first, fake("running", engine)])
      attempt.observed = ["running": Observation(.running(since: nil), hasData: true)]
      let running = attempt
      await #expect(throws: CancellationError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { _ = try await running.run() }
          for await _ in asked.prefix(2) {}
          group.cancelAll()
          try await group.waitForAll()
        }
      }
      #expect(runtime.calls == ["prepare", "start first", "stop first"])
    }
  }

  @Test func whatRunsElsewhereOrNowhereStartsNothing() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      var external = fake("mem")
      external.externalURL = "redis://:secret@host:1/0"
      let files = try ServersTestSupport.specs("resources:\n  files: { type: efs }\n")
      let (outcomes, state) = try await Try(test: test, runtime: runtime, specs: [external] + files).run()
      #expect(runtime.calls.isEmpty)
      #expect(outcomes.map(\.status) == [.external, .running])
      #expect(outcomes.map(\.runtime) == [nil, nil])
      #expect(outcomes.first?.url == "redis://:****@host:1/0")
      #expect(state.resources["mem"]?.externalURL == external.externalURL)
      #expect(state.resources["mem"]?.port == nil && state.resources["files"]?.port == nil)
      let directory = SharedDirectory(resource: "files", options: [:], home: test.home, id: state.id)
      #expect(Folder.exists(directory.path))
    }
  }

  @Test func whatTheManifestNoLongerNamesIsStoppedAndKept() async throws {
    try await TestHome.with { test in
      let runtime = FakeRuntime()
      let first = try await Try(test: test, runtime: runtime, specs: [fake("mem"), fake("old")]).run()
      var again = Try(test: test, runtime: runtime, specs: [fake("mem")], state: first.state)
      again.observed = ["mem": Observation(.running(since: nil))]
      let second = try await again.run()
      #expect(runtime.calls.last == "stop old")
      #expect(second.outcomes.map(\.status) == [.running, .removed])
      #expect(second.state.resources["old"]?.isRemoved == true)
      #expect(second.state.resources["old"]?.port == first.state.resources["old"]?.port)
      // Once it is named again, it is as it was.
      var back = Try(test: test, runtime: runtime, specs: [fake("mem"), fake("old")], state: second.state)
      back.observed = ["mem": Observation(.running(since: nil))]
      let third = try await back.run()
      #expect(third.state.resources["old"] == first.state.resources["old"])
    }
  }

  @Test func aFreshContainersAccountIsMadeByTheAdministrator() async throws {
    try await TestHome.with { test in
      let asked = Mutex<[String]>([])
      let accounts = EngineAccounts(
        nativeAdministrator: "drydock", containerAdministrator: "root", maintenanceDatabase: "m")
      let engine = FakeEngine(accounts: accounts) { target in
        asked.withLock { $0.append(target.user) }
        return ServerReport(flavour: .postgresql, version: "1.0.1")
      } provisioning: {
        asked.withLock { $0.append("provision") }
      }
      let runtime = FakeRuntime(.docker)
      let first = try await Try(test: test, runtime: runtime, specs: [fake("db", engine)]).run()
      // Each login is confirmed by a second one: the first may have met an image's temporary server.
      #expect(
        asked.withLock { $0 } == ["administrator", "administrator", "provision", "app", "app"])
      // Data that served a client has its account.
      asked.withLock { $0 = [] }
      var again = Try(test: test, runtime: runtime, specs: [fake("db", engine)], state: first.state)
      again.observed = ["db": Observation(.stopped, hasData: true)]
      _ = try await again.run()
      #expect(asked.withLock { $0 } == ["app"])
    }
  }

  @Test func anAccountThatIsGoneIsMended() async throws {
    try await TestHome.with { test in
      let isMended = Mutex(false)
      let accounts = EngineAccounts(
        nativeAdministrator: "drydock", containerAdministrator: "root", maintenanceDatabase: "m")
      let engine = FakeEngine(accounts: accounts) { _ in
        guard isMended.withLock({ $0 }) else { throw ProbeFailure.credentials(message: "no such user") }
        return ServerReport(flavour: .mysql, version: "1.0.1")
      } provisioning: {
        isMended.withLock { $0 = true }
      }
      let (outcomes, _) = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("db", engine)]).run()
      #expect(outcomes.first?.status == .running)
    }
  }

  @Test func aLostAdministratorIsADisagreementOfDataAndState() async throws {
    try await TestHome.with { test in
      let accounts = EngineAccounts(
        nativeAdministrator: "drydock", containerAdministrator: "root", maintenanceDatabase: "m")
      let refused = ProbeFailure.credentials(message: "wrong password")
      let engine = FakeEngine(accounts: accounts) { _ in
        throw refused
      } provisioning: {
        throw refused
      }
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("db", engine)]).run()
      }
      #expect(error.code == .dataMismatch)
      #expect(error.failures.first?.error.suggestion?.contains("--delete-data") == true)
    }
  }

  /// Bug: a redis that was given a password sent its owner to delete the data, which a restart would have kept.
  @Test func aRefusalOfAServerWithoutAccountsIsFirstAnsweredByARestart() async throws {
    try await TestHome.with { test in
      let engine = FakeEngine { _ in throw ProbeFailure.credentials(message: "NOAUTH") }
      let error = try await #require(throws: AggregateError.self) {
        _ = try await Try(test: test, runtime: FakeRuntime(), specs: [fake("mem", engine)]).run()
      }
      let advice = try #require(error.failures.first?.error.suggestion)
      let restart = try #require(advice.range(of: "drydock down mem, then drydock up"))
      let deletion = try #require(advice.range(of: "--delete-data"))
      #expect(restart.upperBound < deletion.lowerBound, "\(advice)")
    }
  }

  @Test func anotherVersionThanTheWantedOneIsVisible() async throws {
    try await TestHome.with { test in
      let engine = FakeEngine { _ in ServerReport(flavour: .memcached, version: "2.5.1 (Debian 12)") }
      let (outcomes, state) = try await Try(
        test: test, runtime: FakeRuntime(), specs: [fake("mem", engine)]
      ).run()
      #expect(outcomes.first?.version == "2.5.1")
      #expect(outcomes.first?.drift == "memcached 1.0 is wanted, 2.5.1 runs")
      #expect(state.resources["mem"]?.wantedVersion == "1.0")
    }
  }

  /// A port that nothing listens on at this moment.
  private func freePort() throws -> Int {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try PortAllocator(folder: folder).reserve(seed: UUID().uuidString, owner: "test")
  }
}
