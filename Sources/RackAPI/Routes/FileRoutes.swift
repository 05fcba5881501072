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
        // cp knows how long its archive is; what start carries along with changes has no length.
        let isCopy = request.headers.contains(name: "Content-Length")
        if !isCopy, !app.isOfRack {
          while try await body.next() != nil {}
          return .ok
        }
        let files = ReplicaFiles(try await access(request["process"], of: app), context)
        if !isCopy { try refuseSync(files) }
        try await put(&body, files)
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
        let paths = (request.query["files"] ?? "").split(separator: ",").map(String.init)
        guard !paths.isEmpty, app.isOfRack else { return .ok }
        let files = ReplicaFiles(try await access(request["process"], of: app), context)
        try refuseSync(files)
        try await files.remove(paths)
        return .ok
      },
    ]
  }

  // A folder's app has its changes already: natively that folder is where it runs, and the supervisor carries them into
  // containers. So what the tool carries along is taken and dropped, also while a process is being restarted.

  /// An uploaded app's process of this machine runs in the copy of a release; the names in the tool's archives are paths of an
  /// image, which there is none of.
  /// - Throws: `HTTPFailure` in words that the tool shows beside the name of the file.
  private func refuseSync(_ files: ReplicaFiles) throws {
    guard files.isOnThisMachine else { return }
    throw HTTPFailure(
      .badRequest,
      "outside of Docker an uploaded app stays as it was deployed: deploy it again, or start an app that has a folder"
    )
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
