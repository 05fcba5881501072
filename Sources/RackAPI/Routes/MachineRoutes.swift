import AppState
import Essentials
import LocalServer
import NIOCore
import NIOHTTP1
import NativeProcess
import Services

/// `convox instances`, `rack ps` and `rack logs`.
extension Rack {
  var machineRoutes: [Route] {
    [
      .get("/instances") { _, _ in try .json([InstanceJSON(processes: try await processCount())]) },
      .get("/system/processes") { _, _ in try .json([SystemProcessJSON(started: started)]) },
      .socket("/system/logs") { request in
        let options = try LogOptions(request.headers)
        let file = RackFiles(home: context.home).log
        return { try await Self.tell(file, options, to: $0) }
      },
    ]
  }

  /// How many processes all apps have.
  private func processCount() async throws -> Int {
    var count = 0
    for state in context.store.apps() {
      let app = RunningApp(context: context, state: state)
      count += try await app.status().flatMap(\.replicas).count + oneOffs.of(state.id).count
    }
    return count
  }

  /// The rack's own log, whose lines have no times for a span to begin at.
  private static func tell(_ file: String, _ options: LogOptions, to socket: WebSocketStream) async throws {
    let count = options.tail ?? 100
    let write = { @Sendable (line: String) in
      guard options.filter.selects(line) else { return }
      try await socket.write(ByteBuffer(string: line + "\n"))
    }
    try await socket.converse { _ in
    } output: {
      guard options.follows else {
        for line in NativeProcess.tail(logFile: file, lines: count) { try await write(line) }
        return
      }
      for await line in NativeProcess.follow(logFile: file, backlog: count) { try await write(line) }
    }
  }
}

/// This machine, in the API's names.
private struct InstanceJSON: Encodable {
  var agent = false
  var cpu = 0.0
  var id = Machine.name
  var memory = 0.0
  var privateIP = "127.0.0.1"
  let processes: Int
  var publicIP = ""
  var status = "running"
  var started = Machine.started

  init(processes: Int) { self.processes = processes }

  enum CodingKeys: String, CodingKey {
    case agent, cpu, id, memory, processes, status, started
    case privateIP = "private-ip"
    case publicIP = "public-ip"
  }
}

/// The rack's own process, in the API's names.
private struct SystemProcessJSON: Encodable {
  var id = "\(ProcessInfo.processInfo.processIdentifier)"
  var app = "rack"
  var command = "drydock rack start"
  var cpu = 0.0
  var host = "127.0.0.1"
  var image = ""
  var instance = Machine.name
  var memory = 0.0
  var name = "api"
  var ports: [String] = []
  var release = SystemJSON().version
  let started: Date
  var status = "running"

  init(started: Date) { self.started = started }
}
