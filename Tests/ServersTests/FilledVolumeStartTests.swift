import DockerEngine
import DrydockBase
import DrydockTestSupport
import Foundation
import MonotonicTime
import ServersTestSupport
import Testing

@testable import AppState
@testable import Engines
@testable import Planning
@testable import Servers

/// A server that stays, in Docker, whose volume is filled from an image with data.
@Suite struct FilledVolumeStartTests {
  private static let recipe = BakedRecipe(
    user: "fake", make: "make", serve: "serve", files: [],
    copy: BakedCopy(
      script: "personalise", firstOptions: ["--init-file=/drydock/first"],
      firstFiles: [RecipeFile("/drydock/first", "a secret", mode: 0o400, owner: "fake")]))

  private func launch(verified: Bool = false) -> Launch {
    var engine = FakeEngine()
    engine.recipe = Self.recipe
    return Launch(
      spec: fake("mem", engine, version: "1.0"), engine: engine,
      request: ServerRequest(
        marker: "drydock-abc123def456-mem", port: 15001, password: "app's", administratorPassword: "secret"),
      source: .local("fake:1.0"), hasVerifiedData: verified)
  }

  /// An engine that has the image, and the one with its data.
  private func stub(fillEndsBy status: Int = 0, saying words: String = "") throws -> DockerStub {
    let base = try JSONDecoder().decode(
      ImageInfo.self, from: Data(#"{"Id":"sha256:1","Os":"linux","Architecture":"amd64"}"#.utf8))
    let key = BakedImages.key(base, Self.recipe)
    return DockerStub(answers: [
      "GET /images/fake:1.0/json": .image("sha256:1"),
      "GET /images/drydock-baked/memcached:\(key)/json": .image("sha256:baked"),
      "POST /containers/made/wait": .reply(200, #"{"StatusCode":\#(status)}"#),
      "GET /containers/made/logs": .reply(200, words.isEmpty ? "" : frame(words)),
      "GET /info": .reply(200, #"{"DockerRootDir":"/srv/docker"}"#),
    ])
  }

  private func created(_ server: StubDockerServer) -> [StubRequest] {
    server.requests.filter { $0.call == "POST /containers/create" }
  }

  @Test("A container without a network fills it, before the server's own makes its first start")
  func filled() async throws {
    try await stub().run(environment: ["CI": ""]) { runtime, calls, server in
      try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      let made = created(server)
      try #require(made.count == 2)
      let (own, filling) = (made[0].json, made[1].json)
      #expect(own["Image"] as? String == "sha256:1" && filling["Image"] as? String == "sha256:baked")
      #expect(
        own["Cmd"] as? [String] == [
          "fake", "--marker=drydock-abc123def456-mem", "--init-file=/drydock/first",
        ])
      #expect(filling["User"] as? String == "fake")
      #expect((filling["HostConfig"] as? [String: Any])?["NetworkMode"] as? String == "none")
      #expect(filling["NetworkingConfig"] == nil)
      #expect(
        made[1].text.contains(#"{"Source":"drydock-abc123def456-mem","Target":"/data","Type":"volume"}"#))
      #expect((filling["Cmd"] as? [String])?.first?.contains("personalise") == true)
      let volume = try #require(server.requests.first { $0.call == "POST /volumes/create" })
      let labels = try #require(volume.json["Labels"] as? [String: String])
      #expect(labels["dev.drydock.filled"] == "sha256:baked")
      // The filling one has ended and is gone before the server starts.
      let last = calls().filter { !$0.hasPrefix("GET") && !$0.hasPrefix("PUT") }.suffix(4)
      #expect(
        last == [
          "POST /containers/made/start", "POST /containers/made/wait", "DELETE /containers/made",
          "POST /containers/made/start",
        ])
      #expect(made.allSatisfy { !$0.text.contains("secret") })
    }
  }

  @Test("Where filling fails the image makes its data itself")
  func failed() async throws {
    try await stub(fillEndsBy: 1).run(environment: ["CI": ""]) { runtime, calls, server in
      try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      let own = created(server).map(\.json).filter { $0["Image"] as? String == "sha256:1" }
      #expect(own.count == 2)
      #expect(own.last?["Cmd"] as? [String] == ["fake", "--marker=drydock-abc123def456-mem"])
      let volumes = server.requests.filter { $0.call == "POST /volumes/create" }
      #expect((volumes.last?.json["Labels"] as? [String: String])?["dev.drydock.filled"] == nil)
    }
  }

  /// Bug: "cannot remove the volume: volume is in use", at this up and at every later one.
  @Test("What a killed command had fill or copy the data is removed before the volume")
  func leftBehind() async throws {
    let name = "drydock-abc123def456-mem"
    var stub = try stub()
    for left in ["-fill", "-seed"] {
      stub.answers["GET /containers/\(name)\(left)/json"] = .container(status: "exited")
    }
    stub.answers["GET /volumes/\(name)"] = .reply(200, #"{"Name":"\#(name)","Driver":"local"}"#)
    try await stub.run { runtime, calls, _ in
      try await runtime.deleteData("mem")
      #expect(
        calls().filter { $0.hasPrefix("DELETE") } == [
          "DELETE /containers/\(name)-fill", "DELETE /containers/\(name)-seed", "DELETE /volumes/\(name)",
        ])
    }
  }

  /// A piece of a container's standard error.
  private func frame(_ words: String) -> String {
    let count = UInt32(words.utf8.count)
    let header = [2, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) }
    return String(decoding: header + Array(words.utf8), as: UTF8.self)
  }

  /// Bug: every file that did not fit was listed, then the image's own way was tried, which takes as much room.
  @Test("Where there is no room for the data that is said at once, with the disk")
  func noRoom() async throws {
    let line = "cp: error writing './x': No space left on device"
    let words = (1...30).map { _ in line }.joined(separator: "\n")
    // A header's bytes are to be characters.
    let padded = words + String(repeating: " ", count: (128 - words.utf8.count % 128) % 128)
    try await stub(fillEndsBy: 1, saying: padded).run(environment: ["CI": ""]) { runtime, _, server in
      let error = await #expect(throws: DrydockError.self) {
        try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      }
      #expect(error?.code == .cannotWrite && error?.message == "resource mem: no space is left for its data")
      #expect(error?.suggestion?.contains("/srv/docker") == true)
      #expect((error?.details.count).map { 1...8 ~= $0 } == true)
      #expect(created(server).map(\.json).count { $0["Image"] as? String == "sha256:1" } == 1)
    }
  }

  @Test("Where a machine is used once nothing is made for the next time; what is there is used")
  func usedOnce() async throws {
    let empty = DockerStub(answers: ["GET /images/fake:1.0/json": .image("sha256:1")])
    try await empty.run { runtime, _, server in
      try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      #expect(created(server).count == 1)
    }
    try await stub().run { runtime, _, server in
      try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      #expect(created(server).count == 2)
    }
  }

  @Test("A later start takes the container as it is, with the options of the first")
  func later() async throws {
    // The container's own label, as its creation told it.
    var label = ""
    try await stub().run(environment: ["CI": ""]) { runtime, _, server in
      try await runtime.start(launch(), progress: { _ in }, until: .after(.seconds(30)))
      let labels = try #require(created(server)[0].json["Labels"] as? [String: String])
      label = try #require(labels["dev.drydock.configuration"])
    }
    var again = try stub()
    again.answers["GET /containers/drydock-abc123def456-mem/json"] = .container(
      status: "exited", configuration: label)
    try await again.run { runtime, calls, server in
      try await runtime.start(launch(verified: true), progress: { _ in }, until: .after(.seconds(30)))
      #expect(created(server).isEmpty)
      #expect(calls().last == "POST /containers/old/start")
    }
  }
}
