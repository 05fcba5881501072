import DrydockTestSupport
import Foundation
import Testing

extension Trait where Self == ConditionTrait {
  /// Skips where there is no rsyslog.
  fileprivate static var rsyslog: Self {
    .enabled("rsyslogd is not here: scripts/require test") {
      FileManager.default.isExecutableFile(atPath: "/usr/sbin/rsyslogd")
        || ProcessInfo.processInfo.environment["CI"] == "true"
    }
  }
}

/// Lines that go to a real rsyslog.
@Suite("Log drains") struct DrainTests {
  private static func manifest(_ count: Int) -> String {
    """
    services:
      tick: { command: 'i=0; while [ $i -lt \(count) ]; do i=$((i+1)); echo "line $i"; sleep 0.01; done; exec sleep 600' }
    """
  }

  /// An rsyslog that keeps messages as they came.
  private struct Server {
    let way: String
    let folder: URL
    let port: Int

    func prepare(_ app: AppFixture) async throws {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      if way == "tcp+tls" { try await sign(app) }
      let driver =
        way == "tcp+tls"
        ? """
         DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="\(folder.path)/ca.pem" \
        DefaultNetstreamDriverCertFile="\(folder.path)/s.pem" DefaultNetstreamDriverKeyFile="\(folder.path)/s.key"
        """ : ""
      let module =
        way == "udp"
        ? "module(load=\"imudp\")"
        : "module(load=\"imtcp\"\(way == "tcp" ? "" : " StreamDriver.Name=\"ossl\" StreamDriver.Mode=\"1\" StreamDriver.Authmode=\"anon\""))"
      try """
      global(workDirectory="\(folder.path)" maxMessageSize="64k"\(driver))
      template(name="raw" type="string" string="%rawmsg%\\n")
      \(module)
      input(type="\(way == "udp" ? "imudp" : "imtcp")" port="\(port)" address="127.0.0.1")
      action(type="omfile" file="\(folder.path)/log" template="raw")

      """.write(to: folder.appending(path: "conf"), atomically: true, encoding: .utf8)
    }

    /// Has drydock's authority sign a certificate.
    private func sign(_ app: AppFixture) async throws {
      let script = """
        cd "$0" && cp "$1" ca.pem && printf 'subjectAltName=IP:127.0.0.1\\n' >ext
        openssl req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=127.0.0.1
        openssl x509 -req -in s.csr -CA "$1" -CAkey "${1%.pem}-key.pem" -CAcreateserial -days 2 -extfile ext -out s.pem
        """
      let authority = try await app.drydock("ca").stdout.trimmingCharacters(in: .newlines)
      let signed = try await app.program("sh", "-c", script, folder.path, authority)
      try #require(signed.status == 0, "\(signed)")
    }

    func start(_ app: AppFixture) throws -> RunningCommand {
      let words = ["/usr/sbin/rsyslogd", "-n", "-f", "\(folder.path)/conf", "-i", "\(folder.path)/pid"]
      return try app.start(words, tool: true)
    }

    func end(_ running: RunningCommand) async throws {
      running.send(SIGTERM)
      _ = try await running.result()
    }

    var lines: [String] {
      let text = (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map(String.init)
    }
  }

  @Test(
    "a drain gets every line, also when it was restarted", .rsyslog, arguments: ["tcp", "udp", "tcp+tls"])
  func everyLine(_ way: String) async throws {
    // By UDP no more than the kernel keeps for a server that is not let read: what it has no room for is lost.
    let count = way == "udp" ? 100 : 600
    try await withApp(Self.manifest(count), AppOptions(runtime: "native", isHeavy: false)) { app in
      let server = Server(way: way, folder: app.root.appending(path: "rsyslog"), port: try freePort())
      try await app.up()
      try await server.prepare(app)
      var running = try server.start(app)
      do {
        try await link(app, "Url=\(way)://127.0.0.1:\(server.port)")
        try #require(try await app.drydock("start", "--detach").status == 0)
        try await eventually("the first lines") { server.lines.count > 10 }
        if way != "udp" {
          try await server.end(running)
          running = try server.start(app)
        }
        let all = Set((1...count).map { "line \($0)" })
        try await eventually("every line") {
          all.isSubset(of: server.lines.compactMap { $0.components(separatedBy: " - - ").last })
        }
        try await server.end(running)
      } catch {
        try await server.end(running)
        throw error
      }
      let form = /<14>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [^ ]+ tick tick\.1 - - line \d+/
      #expect(server.lines.allSatisfy { $0.wholeMatch(of: form) != nil })
      #expect(try await app.drydock("stop").status == 0)
    }
  }

  private func link(_ app: AppFixture, _ url: String) async throws {
    let made = try await app.drydock("resources", "create", "syslog", "--name", "drain", url)
    try #require(made.status == 0, "\(made)")
    try #require(try await app.drydock("resources", "link", "drain").status == 0)
  }
}
