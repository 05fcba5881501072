import ConvoxEnvironment
import DrydockTestSupport
import Foundation

/// Who reads a dotenv file.
enum Reader: String, CaseIterable, Sendable {
  case sh, bash, dash, zsh, node, python3
  case debianPython = "/usr/bin/python3"
  case docker

  func arguments(_ file: String) -> [String] {
    switch self {
    case .sh, .bash, .dash, .zsh: ["-c", #"set -a; . "$1"; exec env -0"#, "reader", file]
    case .node: ["--env-file=\(file)", "-e", Self.nodeProgram]
    case .python3, .debianPython: ["-c", Self.pythonProgram, file]
    case .docker: ["-c", Self.dockerProgram, file]
    }
  }

  /// The program to run, found in PATH.
  var program: String { self == .docker ? "python3" : rawValue }

  /// Node has `--env-file` from 20.6 on; python-dotenv is a package of its own.
  @Sendable func isThere() async -> Bool {
    let found = try? await withTestFolder { folder throws in
      let file = folder.appendingPathComponent("probe")
      try Data("A=1\n".utf8).write(to: file)
      return try await runProgram(program, arguments(file.path), in: folder).status == 0
    }
    return found ?? false
  }

  private static let nodeProgram =
    #"for (const [k, v] of Object.entries(process.env)) process.stdout.write(k + "=" + v + "\0")"#
  private static let pythonProgram = """
    import sys, dotenv
    for k, v in dotenv.dotenv_values(sys.argv[1], encoding="utf-8").items():
        sys.stdout.buffer.write(f"{k}={v}\\0".encode())
    """

  /// Docker's own tool, talking to a server that only writes down what a container would get.
  private static let dockerProgram = """
    import http.server, json, os, subprocess, sys, threading
    class Server(http.server.BaseHTTPRequestHandler):
        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Api-Version", "1.41")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def do_HEAD(self): self.answer(200, b"")
        def do_GET(self): self.answer(200, b"OK")
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sys.stdout.buffer.write("".join(v + "\\0" for v in body["Env"]).encode())
            self.answer(201, b'{"Id": "1", "Warnings": []}')
        def log_message(self, *arguments): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"tcp://127.0.0.1:{server.server_port}"
    command = ["docker", "--host", host, "create", "--env-file", sys.argv[1], "image"]
    environment = dict(os.environ, DOCKER_CONFIG=os.environ["HOME"])
    status = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment).returncode
    sys.stdout.flush()
    os._exit(status)
    """
}

/// What a reader wrote, less its own variables.
func parseNulSeparated(_ data: Data) -> [String: String] {
  let entries = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  let pairs = entries.map { entry in
    let name = entry.unicodeScalars.prefix { $0 != "=" }
    return (String(name), String(entry.unicodeScalars.dropFirst(name.count + 1)))
  }
  return Dictionary(pairs) { $1 }.filter { $0.key.hasPrefix("V") && $0.key.hasSuffix("_") }
}

/// The rules of the workflow runner: `NAME=value`, or `NAME<<DELIMITER`, lines, DELIMITER; CR LF ends a line too.
func parseGithub(_ text: String) -> [String: String] {
  var values: [String: String] = [:]
  let all = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
  var lines = all.map(String.init)[...]
  while let line = lines.popFirst() {
    let head = line.prefix { $0 != "=" && $0 != "<" }
    if line.dropFirst(head.count).hasPrefix("<<") {
      let delimiter = String(line.dropFirst(head.count + 2))
      let body = lines.prefix { $0 != delimiter }
      lines = lines.dropFirst(body.count + 1)
      values[String(head)] = body.joined(separator: "\n")
    } else if !line.isEmpty {
      values[String(head)] = String(line.dropFirst(head.count + 1))
    }
  }
  return values
}
