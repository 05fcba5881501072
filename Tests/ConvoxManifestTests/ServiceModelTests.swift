import Testing

@testable import ConvoxManifest

@Suite("How a service runs and is reached")
struct ServiceModelTests {
  private func service(_ text: String) throws -> Service {
    try #require(try load("services:\n  web: { \(text) }\n").services.first)
  }

  @Test(
    "A port has a scheme, http where none is written",
    arguments: [
      ("3000", ServicePort(3000)), ("\"3000\"", ServicePort(3000)),
      ("https:3000", ServicePort(3000, .https)),
      ("HTTPS:3000", ServicePort(3000, .https, text: "HTTPS:3000")),
      ("http:80", ServicePort(80, .http, text: "http:80")), ("grpc:50051", ServicePort(50051, .grpc)),
      ("secure-grpc:50051", ServicePort(50051, .secureGRPC)), ("{port: 3000}", ServicePort(3000)),
      ("{port: 3000, scheme: https}", ServicePort(3000, .https)),
      ("{port: \"https:3000\"}", ServicePort(3000, .https)), ("0", nil), ("", nil),
      ("tcp:25", ServicePort(25, .tcp)), ("ftp:21", ServicePort(21, .tcp, text: "ftp:21")), ("70000", nil),
    ] as [(String, ServicePort?)])
  func port(_ text: String, _ expected: ServicePort?) throws {
    #expect(try service("port: \(text)").port == expected)
  }

  @Test(
    "What AWS would refuse can be used here, and is said",
    arguments: [
      ("port: 70000", "2:16 port 70000 of service web is out of range"),
      ("port: -1", "2:16 port -1 of service web is out of range"),
      ("scale: -1", "2:17 Task count can not be lesser than 0"),
      ("scale: {count: -1}", "2:17 Task count can not be lesser than 0"),
      ("drain: -5", "2:17 drain of service web is -5 seconds"),
      ("termination: {grace: -1}", "2:31 grace of termination of service web is -1 seconds"),
      ("agent: {ports: [8125/icmp]}", "2:26 port 8125/icmp: neither tcp nor udp"),
      ("ports: [0]", "2:18 port 0 is out of range"),
    ])
  func refusedOnAWS(_ text: String, _ message: String) throws {
    #expect(try load("services:\n  web: { \(text) }\n").deployErrors.map(short) == [message])
  }

  @Test(
    "A scheme that v2's balancers do not have",
    arguments: [
      ("tcp:25", "`tcp` is no scheme of AWS's balancer"),
      ("htps:3000", "no balancer knows the scheme `htps`"),
    ])
  func scheme(_ text: String, _ message: String) throws {
    let found = try warnings("services:\n  web: { port: \(text) }\n")
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test("The defaults are those of AWS v2") func defaults() throws {
    let service = try service("image: web")
    #expect(service.process == ServiceProcess() && service.routing == ServiceRouting())
    #expect(service.process.initProcess == nil && service.process.grace == 30)
    #expect(service.routing.isSticky && service.routing.drain == 30 && service.routing.redirectsToTLS)
    #expect(service.ports.isEmpty && service.test == nil && service.onlyOnAWS.isEmpty)
    #expect(!service.scaling.isMemoryWritten && !service.health.isDisabled)
  }

  @Test("Every key that says how it runs") func process() throws {
    let process = try service(
      "init: false, privileged: true, singleton: true, termination: {grace: 5}, agent: {ports: [8125/udp, 9000]}"
    ).process
    #expect(process.initProcess == false && process.isPrivileged && process.isSingleton && process.grace == 5)
    #expect(process.agent?.ports == [TransportPort(8125, .udp), TransportPort(9000)])
    #expect(try service("termination: {grace: 0}").process.grace == 0)
    #expect(try service("internalAndExternal: true").routing.isInternal)
    #expect(try service("agent: false").process.agent == nil)
    #expect(try service("agent: true").process.agent == ServiceAgent())
    #expect(try service("deployment: {minimum: 0}").process.deployment == ServiceDeployment(minimum: 0))
  }

  @Test("Every key that says how it is reached") func routing() throws {
    let service = try service(
      "domain: \" a.com ,, b.com\", internal: true, sticky: false, drain: 60, timeout: 90, tls: {redirect: false}, "
        + "ports: [9090, 9091/udp], whitelist: 10.0.0.0/8, test: make test, scale: {memory: 64}, "
        + "health: {disable: true}")
    let routing = service.routing
    #expect(routing.domains == ["a.com", "b.com"] && routing.isInternal && !routing.isSticky)
    #expect(routing.drain == 60 && routing.timeout == 90 && !routing.redirectsToTLS)
    #expect(service.ports == [TransportPort(9090), TransportPort(9091, .udp)])
    #expect(service.test == "make test" && service.onlyOnAWS == ["internal", "whitelist"])
    #expect(service.scaling.isMemoryWritten && service.scaling.memory == 64 && service.health.isDisabled)
  }

  @Test(
    "What it listens at besides its port: once each, by TCP",
    arguments: [
      ("port: 3000, ports: [9090, 9091/udp, 9090, 3000/tcp]", [9090]),
      ("agent: {ports: [8125/udp, 9000]}", [9000]),
      ("port: 3000, nlb: [{port: 443, containerPort: 6379}, {port: 9090}], ports: [9090]", [9090, 6379]),
      ("port: 3000", []),
    ])
  func further(_ keys: String, _ ports: [Int]) throws {
    #expect(try service(keys).furtherPorts == ports)
  }

  @Test("Scale 0 is a service that does not run") func none() throws {
    #expect(try service("scale: 0").scaling.count == .init(0))
    #expect(try service("scale: 0-3").scaling.count == .init(min: 0, max: 3))
  }

  @Test(
    "A volume is known by its name, else by its path",
    arguments: [
      ("/data", "/data", false), ("name:/data", "name", false),
      ("/var/run/docker.sock:/var/run/docker.sock", "/var/run/docker.sock", true),
      ("/proc:/p", "/proc", false),
    ])
  func volume(_ text: String, key: String, isOfHost: Bool) {
    #expect(ServiceVolume(text).key == key && ServiceVolume(text).isOfHost == isOfHost)
  }

  @Test(
    "What a timer does while the last run goes on",
    arguments: [("", Timer.Concurrency.allow), ("Forbid", .forbid), ("Replace", .replace)])
  func concurrency(_ word: String, _ expected: Timer.Concurrency) throws {
    let timer = try #require(
      try load("timers:\n  t: { concurrency: \(word), parallelCount: 3 }\n").timers.first)
    #expect(timer.concurrency == expected && timer.parallelCount == 3)
  }

  @Test("A word that v3 does not know for it") func unknownConcurrency() throws {
    let found = try load("timers:\n  t: { concurrency: forbid }\n").deployErrors
    #expect(found.map(short) == ["2:21 concurrency is one of Allow, Forbid, Replace, not `forbid`"])
    #expect(found.first?.suggestion == "did you mean Forbid?")
  }
}
