import DrydockTestSupport
import Foundation
import MonotonicTime
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import DockerEngine

@Suite(.realEngine) struct RealEngineTests {
  @Test func tellsOfItself() async throws {
    try await RealEngine.run { engine in
      let info = try await engine.client.info(until: .generous)
      #expect(info.serverVersion == engine.client.engine.version)
      #expect((info.processors ?? 0) > 0)
      #expect(try #require(APIVersion(engine.client.apiVersion)) >= .oldest)
    }
  }

  @Test func aContainersLife() async throws {
    try await RealEngine.run { engine in
      let client = engine.client
      let script = "echo out; echo err >&2; while [ ! -e /etc/stop ]; do sleep 0.02; done; exit 7"
      let id = try await engine.start(script) { $0.environment = ["A=b c"] }
      let running = try #require(try await client.inspectContainer(id, until: .generous))
      #expect(running.state.isRunning)
      #expect(running.state.pid != nil)
      #expect(running.state.startedAt != nil)
      #expect(running.state.finishedAt == nil)
      #expect(running.environment.contains("A=b c"))
      #expect(running.labels["dev.drydock.test"] == engine.prefix)
      #expect(running.imageID == (try await client.inspectImage(engine.image, until: .generous))?.id)

      try await client.startContainer(id, until: .generous)
      var archive = TarArchive()
      try archive.addFile("stop", bytes: [])
      try await client.putArchive(archive.bytes, into: id, path: "/etc", until: .generous)
      let code = try await client.waitForContainer(id, until: .generous)
      #expect(code == 7)

      let ended = try #require(try await client.inspectContainer(id, until: .generous))
      #expect(ended.state.status == .exited)
      #expect(ended.state.exitCode == 7)
      #expect(ended.state.finishedAt != nil)
      #expect(ended.state.startedAt == running.state.startedAt)
      let log = Mutex<[LogChunk.Stream: String]>([:])
      try await client.logs(of: id, until: .generous) { chunk in
        log.withLock { $0[chunk.stream, default: ""] += String(decoding: chunk.bytes, as: UTF8.self) }
      }
      #expect(log.withLock { $0 } == [.stdout: "out\n", .stderr: "err\n"])

      try await client.removeContainer(id, until: .generous)
      let gone = try await client.inspectContainer(id, until: .generous)
      #expect(gone == nil)
      let again = try await failure { try await client.removeContainer(id, until: .generous) }
      #expect(again == .notFound(.container))
    }
  }

  @Test func stopsAndKills() async throws {
    try await RealEngine.run { engine in
      let client = engine.client
      let id = try await engine.start("trap 'exit 5' TERM; echo ready; while :; do sleep 0.02; done") {
        $0.stopSignal = "SIGTERM"
      }
      try await lines(of: id, on: client, until: "ready")
      try await client.stopContainer(id, timeout: 20, until: .generous)
      let stopped = try #require(try await client.inspectContainer(id, until: .generous))
      #expect(stopped.state.exitCode == 5)
      let kill = try await failure { try await client.killContainer(id, until: .generous) }
      #expect(kill == .conflict)
      try await client.stopContainer(id, until: .generous)

      try await client.startContainer(id, until: .generous)
      try await client.killContainer(id, until: .generous)
      let code = try await client.waitForContainer(id, until: .generous)
      #expect(code == 137)
    }
  }

  @Test func runsCommandsInside() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.start("sleep 600")
      var config = DockerClient.ExecConfig(["/bin/sh", "-c", "echo $A; echo no >&2; exit 3"])
      config.environment = ["A=yes"]
      let result = try await engine.client.exec(config, in: id, until: .generous)
      #expect(result.exitCode == 3)
      #expect(String(decoding: result.stdout, as: UTF8.self) == "yes\n")
      #expect(String(decoding: result.stderr, as: UTF8.self) == "no\n")

      config.hasTerminal = true
      let terminal = try await engine.client.exec(config, in: id, until: .generous)
      #expect(String(decoding: terminal.stdout, as: UTF8.self) == "yes\r\nno\r\n")
      #expect(terminal.stderr.isEmpty)
      // Nor is anything lost where its input ends at once, as often as not before it has begun.
      for _ in 0..<5 {
        let short = try await engine.client.exec(config, in: id, input: [], until: .generous)
        #expect(String(decoding: short.stdout, as: UTF8.self).contains("yes\r\nno\r\n"))
      }
      var cat = DockerClient.ExecConfig(["/bin/cat"])
      cat.hasTerminal = true
      let typed = try await engine.client.exec(cat, in: id, input: Array("word\n".utf8), until: .generous)
      #expect(typed.exitCode == 0)
      #expect(String(decoding: typed.stdout, as: UTF8.self).hasSuffix("word\r\n"))

      let late = try await failure {
        _ = try await engine.client.exec(
          .init(["/bin/sleep", "60"]), in: id, until: .after(.milliseconds(300)))
      }
      #expect(late == .timedOut)
    }
  }

  @Test func givesACommandItsInput() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.start("sleep 600")
      let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let copy = try await engine.client.exec(
        .init(["/bin/cat"]), in: id, input: input, limit: 4_000_000, until: .generous)
      #expect(copy.exitCode == 0)
      #expect(copy.stdout == input)
      let nothing = try await engine.client.exec(.init(["/bin/cat"]), in: id, input: [], until: .generous)
      #expect(nothing.stdout.isEmpty)
    }
  }

  @Test func aWriterThatFailsFailsTheCommandsCall() async throws {
    struct Broken: Error {}
    try await RealEngine.run { engine in
      let id = try await engine.start("sleep 600")
      await #expect(throws: Broken.self) {
        _ = try await engine.client.exec(
          .init(["/bin/cat"]), in: id, until: .generous,
          input: { input in
            try await input.write([1])
            throw Broken()
          }, each: { _ in })
      }
    }
  }

  @Test func aCommandThatDoesNotReadItsInputStillEnds() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.start("sleep 600")
      let result = try await engine.client.exec(
        .init(["/bin/sh", "-c", "echo done; exit 4"]), in: id,
        input: [UInt8](repeating: 65, count: 3_000_000),
        until: .generous)
      #expect(result.exitCode == 4)
      #expect(result.stdout == Array("done\n".utf8))
    }
  }

  @Test func copiesFilesWithOwnerAndMode() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.client.createContainer(
        name: engine.prefix + "-files", engine.shell("cat /conf/a"), until: .generous)
      var archive = TarArchive()
      try archive.addDirectory("conf", mode: 0o711, uid: 70, gid: 71)
      try archive.addFile("conf/a", mode: 0o400, uid: 70, gid: 71, bytes: Array("hello".utf8))
      try await engine.client.putArchive(archive.bytes, into: id, path: "/", until: .generous)
      try await engine.client.startContainer(id, until: .generous)
      _ = try await engine.client.waitForContainer(id, until: .generous)
      let text = try await engine.client.logTail(of: id, lines: 10, until: .generous)
      #expect(text == "hello")
    }
  }

  @Test func readsATerminalsLogAsItIs() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.start("echo one; echo two >&2") { $0.hasTerminal = true }
      _ = try await engine.client.waitForContainer(id, until: .generous)
      let text = try await engine.client.logTail(of: id, lines: 10, hasTerminal: true, until: .generous)
      #expect(text == "one\r\ntwo\r\n")
    }
  }

  @Test func cancellationEndsAFollowedLog() async throws {
    try await RealEngine.run { engine in
      let id = try await engine.start("echo ready; sleep 600")
      try await lines(of: id, on: engine.client, until: "ready")
    }
  }

  @Test func namesAPortThatIsTaken() async throws {
    try await RealEngine.run { engine in
      let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0).get()
      let port = try #require(listener.localAddress?.port)
      let code = try await failure {
        _ = try await engine.start("sleep 600") {
          $0.portBindings = [PortBinding(hostPort: port, containerPort: ContainerPort(5432))]
        }
      }
      try await listener.close()
      #expect(code == .portTaken(port: port))
    }
  }

  @Test func namesAPortThatAnotherContainerHas() async throws {
    try await RealEngine.run { engine in
      let first = try await engine.start("sleep 600") {
        $0.portBindings = [PortBinding(hostPort: 0, containerPort: ContainerPort(5432))]
      }
      let details = try #require(try await engine.client.inspectContainer(first, until: .generous))
      #expect(details.portBindings == [PortBinding(hostPort: 0, containerPort: ContainerPort(5432))])
      let port = try #require(details.publishedPorts.first?.hostPort)
      #expect(details.publishedPorts.map(\.hostIP) == ["127.0.0.1"])
      let code = try await failure {
        _ = try await engine.start("sleep 600") {
          $0.portBindings = [PortBinding(hostPort: port, containerPort: ContainerPort(5432))]
        }
      }
      #expect(code == .portTaken(port: port))
    }
  }

  @Test func volumesAndNetworks() async throws {
    try await RealEngine.run { engine in
      let (client, name) = (engine.client, engine.prefix)
      let volume = try await client.createVolume(name, labels: engine.labels, until: .generous)
      #expect(volume.labels == engine.labels)
      let network = try await client.createNetwork(name, labels: engine.labels, until: .generous)
      let twice = try await failure { _ = try await client.createNetwork(name, until: .generous) }
      #expect(twice == .conflict)
      let id = try await engine.start("echo kept > /data/file; echo written; sleep 600") {
        $0.mounts = [.volume(name: name, target: "/data"), .tmpfs(target: "/scratch", size: 1 << 20)]
        $0.network = NetworkAttachment(name, aliases: ["db"])
      }
      let details = try #require(try await client.inspectContainer(id, until: .generous))
      #expect(details.mounts.contains { $0.name == name && $0.target == "/data" })
      #expect(details.networks[name]?.networkID == network)
      #expect(details.networks[name]?.aliases?.contains("db") == true)
      let members = try #require(try await client.inspectNetwork(name, until: .generous)).containers
      #expect(members == [id])
      let used = try await failure { try await client.removeVolume(name, until: .generous) }
      #expect(used == .conflict)
      let busy = try await failure { try await client.removeNetwork(name, until: .generous) }
      #expect(busy == .server(status: 403))

      try await eventually("the file") {
        try await client.logTail(of: id, lines: 1, until: .generous) == "written\n"
      }
      try await client.removeContainer(id, force: true, until: .generous)
      let reader = try await engine.start("cat /data/file") {
        $0.mounts = [.volume(name: name, target: "/data")]
      }
      _ = try await client.waitForContainer(reader, until: .generous)
      let text = try await client.logTail(of: reader, lines: 1, until: .generous)
      #expect(text == "kept\n")
    }
  }

  @Test func whatIsNotThereIsSaid() async throws {
    try await RealEngine.run { engine in
      let (client, name) = (engine.client, engine.prefix + "-none")
      let volume = try await client.inspectVolume(name, until: .generous)
      let network = try await client.inspectNetwork(name, until: .generous)
      let image = try await client.inspectImage(name, until: .generous)
      #expect(volume == nil && network == nil && image == nil)
      let create = try await failure {
        _ = try await client.createContainer(name: name, ContainerConfig(image: name), until: .generous)
      }
      #expect(create == .noSuchImage)
      let start = try await failure { try await client.startContainer(name, until: .generous) }
      #expect(start == .notFound(.container))
      let exec = try await failure { _ = try await client.exec(.init(["x"]), in: name, until: .generous) }
      #expect(exec == .notFound(.container))
      let log = try await failure { _ = try await client.logTail(of: name, lines: 1, until: .generous) }
      #expect(log == .notFound(.container))
    }
  }

  @Test func aNameInUseIsAConflict() async throws {
    try await RealEngine.run { engine in
      let name = engine.prefix + "-one"
      _ = try await engine.client.createContainer(name: name, engine.shell("echo"), until: .generous)
      let code = try await failure {
        _ = try await engine.client.createContainer(name: name, engine.shell("echo"), until: .generous)
      }
      #expect(code == .conflict)
    }
  }

  /// Port 1 of the loopback address stands for a registry that is out of reach, with a network or without.
  @Test func aRegistryOutOfReachIsSaid() async throws {
    try await RealEngine.run { engine in
      let name = "127.0.0.1:1/none/none:1"
      let pull = try await failure { try await engine.client.pullImage(name, until: .generous) }
      #expect(pull == .registryUnreachable)
    }
  }

  @Test func anImageForAnotherPlatformIsSaid() async throws {
    try await RealEngine.run { engine in
      let other = engine.client.engine.arch == "arm64" ? "amd64" : "arm64"
      let code = try await failure {
        _ = try await engine.client.createContainer(
          name: engine.prefix + "-other", engine.shell("echo"), platform: Platform(architecture: other),
          until: .generous)
      }
      #expect(code == .noMatchingPlatform)
    }
  }

  @Test func seesEvents() async throws {
    try await RealEngine.run { engine in
      let (events, sink) = AsyncStream.makeStream(of: EngineEvent.self)
      let (opened, open) = AsyncStream.makeStream(of: Void.self)
      let filters = ["label": ["dev.drydock.test=\(engine.prefix)"], "type": ["container"]]
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await engine.client.events(filters: filters, until: .generous, opened: { open.yield() }) {
            sink.yield($0)
          }
        }
        for await _ in opened { break }
        let id = try await engine.start("exit 9")
        var seen: [String] = []
        for await event in events {
          #expect(event.id == id)
          seen.append(event.action)
          if event.action == "die" {
            #expect(event.attributes["exitCode"] == "9")
            break
          }
        }
        #expect(seen == ["create", "start", "die"])
        group.cancelAll()
        while let ended = await group.nextResult() {
          #expect(throws: CancellationError.self) { try ended.get() }
        }
      }
    }
  }

  /// Follows a log until a line has come, then cancels the following, which has to end by that alone.
  private func lines(of id: String, on client: DockerClient, until text: String) async throws {
    let (output, sink) = AsyncStream.makeStream(of: String.self)
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        do {
          try await client.logs(of: id, .init(follow: true), until: .generous) { chunk in
            sink.yield(String(decoding: chunk.bytes, as: UTF8.self))
          }
          return false
        } catch {
          return error is CancellationError
        }
      }
      var seen = ""
      for await piece in output {
        seen += piece
        if seen.contains(text) { break }
      }
      group.cancelAll()
      #expect(await group.next() == true)
    }
  }
}
