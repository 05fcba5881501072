import DrydockTestSupport
import Foundation
import Testing

/// What `ps --services --format json` shows of where a service is reached.
private struct Addresses: Decodable {
  struct Port: Decodable, Equatable {
    var port: Int
    var address: String
  }

  var service: String
  var url: String?
  var ports: [Port]?
}

/// The ports of services besides that of `port:`.
@Suite("Further ports of services") struct FurtherPortTests {
  /// Listens at several ports, and says to whoever connects which one that is and who answers.
  private static let program = """
    use IO::Socket::INET;
    $| = 1;
    open my $file, "<", "/proc/sys/kernel/hostname";
    chomp(my $host = <$file>);
    my $parent = $$;
    for my $port (9090, 9091) {
      next if fork;
      my $socket = IO::Socket::INET->new(
        LocalAddr => "0.0.0.0", LocalPort => $port, Listen => 9, ReuseAddr => 1) or die "port $port: $!";
      while (my $client = $socket->accept) { print $client "$port $host $parent\n"; close $client }
    }
    print "listening\n";
    wait;
    """

  private static let manifest = """
    services:
      db: { build: ., command: [/usr/bin/perl, server.pl], ports: [9090], nlb: [{ port: 443, containerPort: 9091 }], scale: 2 }
      other: { build: ., command: [/usr/bin/perl, server.pl], ports: [9090, 9091] }
    """

  /// What is said at an address; empty for one that ends the connection.
  private func ask(_ address: String, _ app: AppFixture) async throws -> String {
    let program = """
      import socket, sys
      host, port = sys.argv[1].split(":")
      try: print(socket.create_connection((host, int(port)), 30).makefile().read().strip())
      except ConnectionError: print()
      """
    let result = try await app.program("/usr/bin/python3", "-c", program, address)
    try #require(result.status == 0, "\(result)")
    return result.stdout.trimmingCharacters(in: .newlines)
  }

  private func addresses(_ app: AppFixture) async throws -> [String: Addresses] {
    let rows: [Addresses] = try await app.drydock("ps", "--services", "--format", "json").decode()
    return Dictionary(rows.map { ($0.service, $0) }) { first, _ in first }
  }

  private func test(_ kind: String, _ runtime: String, _ resource: String = "") async throws {
    try await withApp(resource + Self.manifest, AppOptions(runtime: runtime, isHeavy: false)) { app in
      try app.write(Self.program, to: "server.pl")
      try app.write("FROM drydock/base:bookworm\nWORKDIR /app\nCOPY server.pl .\n", to: "Dockerfile")
      let plan = try await app.drydock("start", "--dry-run", "--services", kind)
      #expect(plan.stdout.contains("9090, 9091"), "\(plan)")
      let start = try await app.drydock("start", "--detach", "--services", kind)
      try #require(start.status == 0, "\(start)")
      let found = try await addresses(app)
      let ports = try #require(found["db"]?.ports)
      #expect(ports.map(\.port) == [9090, 9091] && found["db"]?.url == nil)
      #expect(Set(ports.map(\.address)).isDisjoint(with: (found["other"]?.ports ?? []).map(\.address)))
      for port in ports {
        // Both replicas take their turns.
        try await eventually("two who answer at \(port.port)") {
          var answers: Set<String> = []
          for _ in 0..<4 { answers.insert(try await ask(port.address, app)) }
          return answers.count == 2 && answers.allSatisfy { $0.hasPrefix("\(port.port) ") }
        }
      }
      let table = try await app.drydock("ps", "--services").stdout
      #expect(table.contains("9090 at \(ports[0].address), 9091 at \(ports[1].address)"), "\(table)")
      #expect(try await app.drydock("open", "db", "--port", "9091").stdout == "\(ports[1].address)\n")
      #expect(try await app.drydock("open", "db", "--port", "9092").stderr.contains("such ports: 9090, 9091"))
      // None is wanted: nobody waits.
      try #require(try await app.drydock("scale", "db=0").status == 0)
      try await eventually("nobody answers") { try await ask(ports[0].address, app).isEmpty }
      #expect(try await app.drydock("stop").status == 0)
      let fixed = try freePort()
      try app.write("ports: { db: { 9090: \(fixed) } }\n", to: "drydock.yml")
      try #require(try await app.drydock("start", "--detach", "--services", kind).status == 0)
      let again = try await addresses(app)["db"]?.ports
      #expect(again == [.init(port: 9090, address: "127.0.0.1:\(fixed)"), ports[1]])
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  @Test("processes: each port of each service has an address of its own, the same after a stop")
  func processes() async throws { try await test("process", "native") }

  @Test("containers: the same", .images("base:bookworm", "redis:7.0"))
  func containers() async throws {
    // A resource is what decides for Docker.
    try await test(
      "container", "docker", "resources:\n  cache: { type: redis, options: { version: \"7.0\" } }\n")
  }
}
