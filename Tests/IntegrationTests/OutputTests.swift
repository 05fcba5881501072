import DrydockTestSupport
import Foundation
import Testing

/// What becomes of a command when nobody reads what it writes.
@Suite struct OutputTests {
  /// Starts a command whose output goes into a pipe, reads so many lines of it, and goes away.
  private static let leaver = """
    import os, signal, subprocess, sys
    reading, writing = os.pipe()
    stream = os.fdopen(reading)
    lines = int(sys.argv[2])
    if lines == 0: stream.close()
    child = subprocess.Popen(sys.argv[3:], stdout=writing, stdin=subprocess.DEVNULL, restore_signals=False,
      preexec_fn=lambda: signal.signal(signal.SIGPIPE, getattr(signal, sys.argv[1])))
    os.close(writing)
    for _ in range(lines): stream.readline()
    stream.close()
    sys.exit(child.wait() % 256)
    """

  private func leave(_ app: AppFixture, _ words: [String], after lines: Int = 0, pipe: String = "SIG_IGN")
    async throws -> CommandResult
  {
    let program = try BuiltProducts.executable("drydock")
    return try await app.start(
      ["/usr/bin/python3", "-c", Self.leaver, pipe, "\(lines)", program] + words, tool: true
    ).result(within: .seconds(40))
  }

  @Test(
    "Whoever reads a command's output goes away: it ends at once, by 141, and holds nothing", .nativeEngines)
  func readerLeaves() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let commands = [
        "ps", "ps --format json", "env", "env web", "up", "up --dry-run", "logs", "check", "manifest",
        "doctor",
        "version", "--help", "help up", "params", "resources", "resources info cache", "resources url cache",
        "resources export cache", "rack status",
      ]
      for command in commands {
        let result = try await leave(app, command.split(separator: " ").map(String.init))
        #expect(result.status == 141 && !result.stderr.contains("ERROR"), "\(command): \(result)")
      }
      // These wait for what comes next, and nothing does.
      for command in ["logs -f", "resources proxy cache -p 0"] {
        for pipe in ["SIG_IGN", "SIG_DFL"] {
          let words = command.split(separator: " ").map(String.init)
          let result = try await leave(app, words, after: 1, pipe: pipe)
          #expect(result.status == 141, "\(command), \(pipe): \(result)")
        }
      }
      #expect(try await app.ps()["cache"]?.status == "running")
      try await requireLog(app)
    }
  }

  /// The log is silent unless asked for, and goes where no result goes.
  private func requireLog(_ app: AppFixture) async throws {
    let silent = try await app.drydock("up")
    #expect(silent.status == 0 && !silent.stderr.contains("drydock.probe"), "\(silent)")
    let logged = try await app.drydock("up", environment: ["DRYDOCK_LOG": "debug"])
    #expect(logged.stderr.contains(" drydock.probe: answered server=cache "), "\(logged)")
    #expect(!logged.stdout.contains("drydock.probe"), "\(logged)")
    let loud = try await app.drydock("down", "--verbose")
    #expect(loud.stderr.contains(" drydock.process: ended "), "\(loud)")
  }

  /// Bug: it said its warnings about a file at each `up`, with -q too.
  @Test("What is to be said of an env file is said once per change, and with -q up prints errors alone")
  func quiet() async throws {
    let manifest = "resources:\n  files: { type: efs }\nservices:\n  web: { image: w, resources: [files] }\n"
    try await withApp(manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      func up(_ words: String...) async throws -> CommandResult {
        let result = try await app.start(["up", "--env-file", "extra.env"] + words).result()
        #expect(result.status == 0, "\(result)")
        return result
      }
      try app.write("export A=1\n", to: "extra.env")
      let warning = "WARNING: extra.env: line 1: the word export"
      for isNew in [true, false] {
        let result = try await up()
        #expect(result.stderr.contains(warning) == isNew, "\(result)")
        #expect(result.stdout.hasPrefix("RESOURCE"))
      }
      try app.write("export A=1\nB='2'\n", to: "extra.env")
      let silent = try await up("-q")
      #expect(silent.stdout == "" && silent.stderr == "", "\(silent)")
      let asked = try await up("-q", "--format", "json")
      #expect(asked.stdout.hasPrefix("["), "\(asked)")
      for isNew in [true, false] {
        let result = try await up()
        #expect(result.stderr.contains("extra.env: line 2") == isNew, "\(result)")
      }
      // Another file of the same words, and a command that changes nothing.
      try app.write("export A=1\n", to: "other.env")
      for isNew in [true, false] {
        let result = try await app.drydock("env", "web", "--env-file", "other.env")
        #expect(result.stderr.contains("other.env: line 1") == isNew, "\(result)")
      }
    }
  }

  @Test(
    "Closed standard descriptors: a result that goes nowhere is an error, and so is no input", .nativeEngines)
  func closedDescriptors() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      var closed = app
      func run(_ closing: String, _ words: String...) async throws -> CommandResult {
        closed.prefix = ["/bin/sh", "-c", "exec \"$@\" \(closing)", "sh"]
        return try await closed.start(words).result(within: .seconds(40))
      }
      #expect(try await run("<&- >&- 2>&-", "ps").status == 1)
      let unread = try await run(">&-", "ps")
      #expect(unread.status == 1 && unread.stderr.contains("cannot write the result"), "\(unread)")
      let silent = try await run("2>&-", "ps")
      #expect(silent.status == 0 && silent.stdout.contains("running"), "\(silent)")
      for words in [["resources", "console", "cache"], ["resources", "import", "cache"], ["env", "set"]] {
        closed.prefix = ["/bin/sh", "-c", "exec \"$@\" <&-", "sh"]
        let result = try await closed.start(words).result(within: .seconds(40))
        #expect(result.status != 0 && result.stderr.contains("input"), "\(words): \(result)")
      }
      let command = try await run(">&-", "run", "web", "--", "/bin/sh", "-c", "echo x")
      #expect(command.status != 0, "\(command)")
      #expect(try await app.ps()["cache"]?.status == "running")
    }
  }

  /// Has a proxy print into pipes that nobody reads, and are soon full, and ends it by Ctrl-C.
  private static let mute = """
    import fcntl, os, select, signal, socket, subprocess, sys
    pipes = [os.pipe(), os.pipe()]
    for _, end in pipes: fcntl.fcntl(end, 1031, 4096)
    child = subprocess.Popen(sys.argv[1:], stdout=pipes[0][1], stderr=pipes[1][1], stdin=subprocess.DEVNULL)
    line = b""
    while not line.endswith(b"\\n"): line += os.read(pipes[0][0], 1)
    port = int(line.split()[1].split(b":")[1])
    for _ in range(600):
      with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"PING\\r\\n")
        assert client.recv(7) == b"+PONG\\r\\n"
    child.send_signal(signal.SIGINT)
    print(child.wait(20))
    """

  @Test("A proxy carries on when nobody reads what it prints, and heeds Ctrl-C", .nativeEngines)
  func proxyUnread() async throws {
    try await withApp(Manifests.redis, AppOptions(runtime: "native")) { app in
      try await app.up()
      let program = try BuiltProducts.executable("drydock")
      let result = try await app.program(
        "/usr/bin/python3", "-c", Self.mute, program, "resources", "proxy", "cache", "-p", "0")
      #expect(result.status == 0 && result.stdout == "130\n", "\(result)")
    }
  }
}
