import AppState
import ConvoxManifest
import DockerEngine
import DrydockTestSupport
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import Servers

/// Images with an engine's data in them.
@Suite struct BakedImagesTests {
  private func image(_ id: String) throws -> ImageInfo {
    try JSONDecoder().decode(
      ImageInfo.self, from: Data(#"{"Id":"\#(id)","Os":"linux","Architecture":"amd64"}"#.utf8))
  }

  private func request(_ marker: String) -> ServerRequest {
    ServerRequest(
      marker: marker, port: 15000, password: "p-\(marker)", administratorPassword: "a-\(marker)",
      version: ServerVersion(in: "15.4"))
  }

  @Test("Another base makes another one; another request does not, and no secret is in what makes it")
  func keys() throws {
    for type in ["postgres", "mysql", "mariadb"] {
      let engine = try #require(ResourceCatalog.builtIn.server(type))
      let (one, two) = (engine.baked(request("alpha")), engine.baked(request("beta")))
      let (first, second) = (try #require(one), try #require(two))
      let base = try image("sha256:1")
      #expect(BakedImages.key(base, first) == BakedImages.key(base, second))
      #expect(BakedImages.key(base, first) != BakedImages.key(try image("sha256:2"), first))
      #expect(!first.make.contains("alpha"))
      let words = [first.serve, first.copy.script ?? ""] + first.copy.firstOptions
      #expect(words.allSatisfy { !$0.contains("p-alpha") && !$0.contains("a-alpha") })
      let secret = (first.files + first.copy.files + first.copy.firstFiles).filter {
        $0.contents.contains("p-alpha")
      }
      #expect(secret.count == 2 && secret.allSatisfy { $0.mode == 0o400 })
    }
  }

  @Test("None of its base's labels by which images are found that serve resources")
  func labels() throws {
    let json =
      #"{"Id":"sha256:1","Os":"linux","Architecture":"amd64","Config":{"Labels":{"dev.drydock.engine":"postgres","#
      + #""dev.drydock.content":"c","org.example":"kept by the engine"}}}"#
    let base = try JSONDecoder().decode(ImageInfo.self, from: Data(json.utf8))
    let labels = BakedImages.labels(over: base, "postgres")
    #expect(labels["dev.drydock.engine"]?.isEmpty == true && labels["dev.drydock.content"]?.isEmpty == true)
    #expect(labels[BakedImages.label] == "sha256:1" && labels["org.example"] == nil)
  }

  @Test("In the cache they are entries of their own; one that a container is of stays")
  func inTheCache() async throws {
    let list = ["one", "two"].map { name in
      #"{"Id":"sha256:\#(name)","RepoTags":["drydock-baked/postgres:\#(name)"],"Size":7000000,"Created":1700000000,"#
        + #""Labels":{"dev.drydock.baked":"sha256:base","dev.drydock.baked-engine":"postgres"}}"#
    }.joined(separator: ",")
    let engine = StubDockerServer.engine { request in
      switch (request.method, request.path.hasSuffix("/images/json")) {
      case ("GET", true): .reply(200, "[\(list)]")
      case ("DELETE", _) where request.path.hasSuffix("one"): .reply(200, "[]")
      case ("DELETE", _): .reply(409, #"{"message":"image is being used by running container"}"#)
      default: .reply(404, #"{"message":"there is none"}"#)
      }
    }
    try await StubDockerServer.run(engine) { server in
      let deadline = Deadline.after(.seconds(30))
      let images = KeptImages(
        try await DockerClient.connect(to: DockerEndpoint(socketPath: server.socketPath), until: deadline))
      let entries = await images.entries(until: deadline)
      #expect(entries.map(\.path) == ["drydock-baked/postgres:one", "drydock-baked/postgres:two"])
      #expect(entries.allSatisfy { $0.kind == .image && $0.name == "postgres" && $0.bytes == 7_000_000 })
      var gone: [Bool] = []
      for entry in entries { gone.append(try await images.remove(entry, until: deadline)) }
      #expect(gone == [true, false])
    }
  }
}
