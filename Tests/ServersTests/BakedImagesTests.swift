import ConvoxManifest
import DockerEngine
import Engines
import Foundation
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
      #expect(!first.serve.contains("p-alpha") && !first.serve.contains("a-alpha"))
      #expect(first.files.filter { $0.contents.contains("p-alpha") }.allSatisfy { $0.mode == 0o400 })
    }
  }
}
