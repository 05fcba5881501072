import ByteStreams
import DrydockBase
import LocalServer
import NIOCore
import NIOHTTP1
import Services

/// `convox cp`, and what `convox start` carries into processes.
extension Rack {
  var fileRoutes: [Route] {
    [
      .post("/apps/:app/processes/:process/files") { request, body in
        try requireCommands()
        let app = try running(request)
        let files = ReplicaFiles(try await access(request["process"], of: app), context)
        // cp knows how long its archive is; what start carries along with changes has no length.
        let isCopy = request.headers.contains(name: "Content-Length")
        if !isCopy, isWatched(app, files) {
          while try await body.next() != nil {}
        } else {
          try await put(&body, files)
        }
        return .ok
      },
      .get("/apps/:app/processes/:process/files") { request, _ in
        try requireCommands()
        guard let path = request.query["file"], path.utf8.first == UInt8(ascii: "/") else {
          throw HTTPFailure(.badRequest, "file takes an absolute path")
        }
        let files = ReplicaFiles(try await access(request["process"], of: try running(request)), context)
        return .stream { reply in
          let pieces = GatheredPieces { try await reply.write(ByteBuffer(bytes: $0)) }
          try await files.get(path) { try await pieces.add($0) }
          try await pieces.flush()
        }
      },
      .delete("/apps/:app/processes/:process/files") { request, _ in
        try requireCommands()
        let app = try running(request)
        let files = ReplicaFiles(try await access(request["process"], of: app), context)
        let paths = (request.query["files"] ?? "").split(separator: ",").map(String.init)
        if !paths.isEmpty, !isWatched(app, files) { try await files.remove(paths) }
        return .ok
      },
    ]
  }

  /// Whether drydock itself sees to it that a process has the changes of its app's folder: natively that folder is where it
  /// runs, and the supervisor of a folder's app carries them into containers.
  private func isWatched(_ app: RunningApp, _ files: ReplicaFiles) -> Bool {
    files.isOnThisMachine || !app.isOfRack
  }

  @concurrent
  private func put(_ body: inout RequestBody, _ files: ReplicaFiles) async throws {
    let handoff = Handoff()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { handoff.leave() }
        try await files.put(handoff.take)
      }
      while let bytes = try await body.next() {
        guard await handoff.send(Array(buffer: bytes)) else { break }
      }
      handoff.end()
      try await group.next()
    }
  }
}
