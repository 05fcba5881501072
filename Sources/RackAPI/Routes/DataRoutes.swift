import ByteStreams
import DrydockBase
import Emulator
import LocalServer
import NIOCore
import NIOHTTP1
import Resources
import Transfer

/// `convox resources export`, `import` and `console`.
extension Rack {
  var dataRoutes: [Route] {
    [
      .get("/apps/:app/resources/:name/data") { request, _ in
        let transfer = try transfer(request)
        return .stream { reply in
          let pieces = GatheredPieces { try await reply.write(ByteBuffer(bytes: $0)) }
          try await transfer.export { try await pieces.add($0) }
          try await pieces.flush()
        }
      },
      .put("/apps/:app/resources/:name/data") { request, body in
        // Convox's tool shows nothing of an import that succeeds.
        if let leftOut = try await load(&body, into: try transfer(request)) {
          log.note("\(request["name"]): \(leftOut)")
        }
        return .ok
      },
      .socket("/apps/:app/resources/:name/console") { request in
        try requireCommands()
        let target = try target(request["name"], of: try app(request["app"]))
        let session = try await ResourceConsole(context: context, target: target).open()
        let console = ConsoleConversation(
          name: target.name, session: session, size: TerminalSize(request.headers))
        return { try await console.run($0) }
      },
    ]
  }

  private func transfer(_ request: Request) throws -> ResourceTransfer {
    let target = try target(request["name"], of: try app(request["app"]))
    return ResourceTransfer(context: context, target: target, warn: { log.note($0) })
  }

  /// Hands an upload over as it comes. One that breaks off ends the import as a failure, not as an end of its input.
  /// - Returns: What of it was left out or changed; nil for nothing.
  @concurrent
  private func load(_ body: inout RequestBody, into transfer: ResourceTransfer) async throws -> String? {
    let handoff = Handoff()
    return try await withThrowingTaskGroup(of: String?.self) { group in
      group.addTask {
        defer { handoff.leave() }
        return try await transfer.import(from: handoff.take)
      }
      while let bytes = try await body.next() {
        guard await handoff.send(Array(buffer: bytes)) else { break }
      }
      handoff.end()
      return try await group.next() ?? nil
    }
  }
}
