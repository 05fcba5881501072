import AppState
import ByteStreams
import DrydockBase
import Essentials
import LocalServer
import NIOCore
import NIOHTTP1

/// What `convox start`, `build` and `deploy` upload first: the app's source.
extension Rack {
  var objectRoutes: [Route] {
    [
      .post("/apps/:app/objects/*") { request, body in
        let state = try app(request["app"])
        let key = try await objects(state).store(request["*"], &body)
        return try .json(ObjectJSON(url: "object://\(state.handle)/\(key)"))
      },
      .get("/apps/:app/objects/*") { request, _ in
        let path = try object(request)
        return .stream { reply in
          let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
          guard descriptor >= 0 else { throw HTTPFailure.noSuch("object", request["*"]) }
          defer { close(descriptor) }
          let source = DescriptorStreams.source(descriptor)
          while let bytes = try await source() { try await reply.write(ByteBuffer(bytes: bytes)) }
        }
      },
      Route(
        .HEAD, "/apps/:app/objects/*",
        .reply { request, _ in
          _ = try object(request)
          return .ok
        }),
      .delete("/apps/:app/objects/*") { request, _ in
        unlink(try object(request))
        return .ok
      },
    ]
  }

  func objects(_ state: InstanceState) -> ObjectStore { ObjectStore(home: context.home, id: state.id) }

  private func object(_ request: Request) throws -> String {
    guard let path = try objects(try app(request["app"])).file(request["*"]) else {
      throw HTTPFailure.noSuch("object", request["*"])
    }
    return path
  }

  /// The file of an upload by the URL that the tool was given for it.
  func upload(_ url: String, of state: InstanceState) throws -> String {
    let prefix = "object://\(state.handle)/"
    guard url.beginsExactly(with: prefix),
      let path = try objects(state).file(
        String(decoding: url.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
    else { throw HTTPFailure.noSuch("object", url) }
    return path
  }
}

/// An object, in the API's names, of which this one begins with a capital.
struct ObjectJSON: Encodable, Sendable {
  var url: String

  enum CodingKeys: String, CodingKey { case url = "Url" }
}
