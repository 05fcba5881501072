import DrydockTestSupport
import Foundation
import Testing

/// An engine that is slow to hand an image over.
@Suite struct PullInterruptionTests {
  @Test("Ctrl-C during a pull: 130, nothing made, and the engine hears no more of it")
  func pull() async throws {
    let handler: StubDockerServer.Handler = { request in
      switch request.path.split(separator: "/").drop(while: { $0.hasPrefix("v1.") }).joined(separator: "/") {
      case "_ping": .reply(200, "OK", headers: ["Api-Version": "1.44", "Content-Type": "text/plain"])
      case "version":
        .reply(
          200, #"{"Version":"26.1","ApiVersion":"1.44","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"#)
      case "info": .reply(200, #"{"OSType":"linux","Architecture":"x86_64"}"#)
      case "images/create":
        .stream([Array("{\"status\":\"Downloading\"}\n".utf8)], end: .hangs)
      case "images/json", "containers/json": .reply(200, "[]")
      case "volumes": .reply(200, #"{"Volumes":[]}"#)
      case "networks/create": .reply(201, #"{"Id":"network"}"#)
      default: .reply(404, #"{"message":"no such thing"}"#)
      }
    }
    try await StubDockerServer.run(handler) { server in
      let environment = ["DOCKER_HOST": "unix://\(server.socketPath)"]
      let options = AppOptions(runtime: "docker", environment: environment, isHeavy: false)
      try await withApp(Manifests.redis, options) { app in
        let up = try app.start(["up"])
        try await eventually("the pull") { server.requests.contains { $0.path.hasSuffix("/images/create") } }
        up.send(SIGINT)
        let result = try await up.result(within: .seconds(20))
        #expect(result.status == 130, "\(result)")
        #expect(!server.requests.contains { $0.path.hasSuffix("/containers/create") })
        try await eventually("the end of the connections") { server.openConnections == 0 }
      }
    }
  }
}
