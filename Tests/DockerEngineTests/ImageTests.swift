import DrydockTestSupport
import Foundation
import Synchronization
import Testing

@testable import DockerEngine

@Suite struct ImageTests {
  @Test(arguments: [
    ("postgres", "docker.io/library/postgres:latest"),
    ("postgres:16", "docker.io/library/postgres:16"),
    ("bitnami/redis:7", "docker.io/bitnami/redis:7"),
    ("index.docker.io/postgres", "docker.io/library/postgres:latest"),
    ("localhost/app", "localhost/app:latest"),
    ("localhost:5000/a/b:1", "localhost:5000/a/b:1"),
    ("ghcr.io/o/r:v1", "ghcr.io/o/r:v1"),
    (
      "mysql@sha256:" + String(repeating: "a", count: 64),
      "docker.io/library/mysql@sha256:" + String(repeating: "a", count: 64)
    ),
    (
      "r.io/x:2@sha256:" + String(repeating: "b", count: 64),
      "r.io/x:2@sha256:" + String(repeating: "b", count: 64)
    ),
  ])
  func completesNames(_ name: String, _ expected: String) throws {
    #expect(try ImageReference(name).description == expected)
  }

  @Test(arguments: [
    "", "Postgres", "a b", "postgres:", "postgres:-x", "x@sha256:12", "/x", "a//b", "x?y=1", "../x",
  ])
  func refusesWhatIsNoName(_ name: String) throws {
    let error = #expect(throws: DockerError.self) { _ = try ImageReference(name) }
    #expect(error?.code == .invalidArgument)
  }

  @Test(arguments: ["../containers/json", "a/../../info", ".."])
  func asksForNothingElseInPlaceOfAnImage(_ name: String) async throws {
    try await withClient(answer: { _ in .reply(200, "{}") }) { client, server in
      let error = await #expect(throws: DockerError.self) {
        _ = try await client.inspectImage(name, until: .generous)
      }
      #expect(error?.code == .invalidArgument)
      #expect(!server.requests.contains { $0.target.contains("..") })
    }
  }

  @Test func inspectsAnImage() async throws {
    let json = """
      {"Id":"sha256:1","RepoTags":["postgres:16"],"RepoDigests":null,"Os":"linux","Architecture":"arm64","Variant":"v8",
      "Created":"2025-01-01T00:00:00Z","Size":5,"Config":{"Labels":{"a":"b"},"Env":["PGDATA=/var/lib/postgresql/data"],
      "ExposedPorts":{"5432/tcp":{}},"Volumes":{"/data":{}},"User":"postgres","Cmd":["postgres"],"Entrypoint":["e.sh"]}}
      """
    try await withClient(answer: { _ in .reply(200, json) }) { client, server in
      let image = try #require(try await client.inspectImage("postgres:16", until: .generous))
      #expect(image.id == "sha256:1")
      #expect(image.repoDigests.isEmpty)
      #expect(image.platform == Platform(architecture: "arm64", variant: "v8"))
      #expect(image.variable("PGDATA") == "/var/lib/postgresql/data")
      #expect(image.labels == ["a": "b"])
      #expect(image.exposedPorts == ["5432/tcp"])
      #expect(image.volumes == ["/data"])
      #expect(image.user == "postgres")
      #expect(image.command == ["postgres"])
      #expect(image.entrypoint == ["e.sh"])
      #expect(server.requests.last?.target == "/v1.47/images/postgres:16/json")
    }
  }

  @Test func anImageThatIsNotHereIsNil() async throws {
    try await withClient(answer: { _ in .reply(404, #"{"message":"No such image: x:latest"}"#) }) {
      client, _ in
      let image = try await client.inspectImage("x", until: .generous)
      #expect(image == nil)
    }
  }

  @Test func listsByLabel() async throws {
    let json =
      #"[{"Id":"sha256:1","RepoTags":null,"Labels":null},{"Id":"sha256:2","RepoTags":["a:1","<none>:<none>"],"Labels":{"k":"v"}}]"#
    try await withClient(answer: { _ in .reply(200, json) }) { client, server in
      let images = try await client.listImages(labels: ["k": "v", "j": ""], until: .generous)
      #expect(images.map(\.id) == ["sha256:1", "sha256:2"])
      #expect(images.map(\.repoTags) == [[], ["a:1"]])
      #expect(images.last?.labels == ["k": "v"])
      #expect(server.requests.last?.query == ["filters": #"{"label":["j","k=v"]}"#])
    }
  }

  @Test func pullsWithProgressThatNeverFalls() async throws {
    let lines = [
      #"{"status":"Pulling from library/postgres","id":"16"}"#,
      #"{"status":"Pulling fs layer","progressDetail":{},"id":"l1"}"#,
      #"{"status":"Downloading","progressDetail":{"current":50,"total":100},"id":"l1"}"#,
      #"{"status":"Already exists","progressDetail":{},"id":"l2"}"#,
      #"{"status":"Pulling fs layer","progressDetail":{},"id":"l3"}"#,
      #"{"status":"Extracting","progressDetail":{"current":10,"total":100},"id":"l1"}"#,
      #"{"status":"Pull complete","progressDetail":{},"id":"l1"}"#,
      #"{"status":"Pull complete","progressDetail":{},"id":"l3"}"#,
      #"{"status":"Status: Downloaded newer image for postgres:16"}"#,
    ]
    let chunks = lines.map { Array(($0 + "\r\n").utf8) }
    try await withClient(answer: { _ in .stream(chunks) }) { client, server in
      let seen = Mutex<[PullProgress]>([])
      try await client.pullImage("postgres:16", platform: Platform(architecture: "amd64"), until: .generous) {
        step in
        seen.withLock { $0.append(step) }
      }
      let steps = seen.withLock { $0 }
      let percents = steps.compactMap(\.percent)
      #expect(steps.count == lines.count)
      #expect(steps.first?.percent == nil)
      #expect(percents == percents.sorted())
      #expect(steps[2].percent == 35)
      #expect(steps.last?.percent == 100)
      #expect(steps.last?.layers == 3)
      #expect(steps.last?.layersDone == 3)
      let request = try #require(server.requests.last)
      #expect(request.method == "POST")
      #expect(request.path == "/v1.47/images/create")
      #expect(request.header("content-length") == "0")
      #expect(
        request.query == ["fromImage": "docker.io/library/postgres", "tag": "16", "platform": "linux/amd64"])
    }
  }

  /// A slow line is no reason to give up, a line that is dead is.
  @Test func aPullFailsWhereNoEventComesAnyMore() async throws {
    let begin = [Array("{\"status\":\"Downloading\"}\n".utf8)]
    try await withClient(answer: { _ in .stream(begin, end: .hangs) }) { client, server in
      let error = try await #require(throws: DockerError.self) {
        try await client.pullImage("postgres:16", silence: .milliseconds(300))
      }
      #expect(error.code == .timedOut)
      #expect(error.message.hasPrefix("cannot pull the image postgres:16: the Docker engine said nothing"))
      #expect(error.suggestion != nil)
    }
  }

  @Test func pullsADigestInTheTagsPlace() async throws {
    let digest = "sha256:" + String(repeating: "a", count: 64)
    try await withClient(answer: { _ in .stream([]) }) { client, server in
      try await client.pullImage("redis:7@\(digest)", until: .generous)
      #expect(server.requests.last?.query == ["fromImage": "docker.io/library/redis", "tag": digest])
    }
  }

  @Test func anErrorInsideTheStreamIsAnError() async throws {
    let lines = [
      #"{"status":"Pulling from library/mysql","id":"5.7"}"#,
      #"{"errorDetail":{"message":"no matching manifest for linux/arm64/v8 in the manifest list entries"},"error":"x"}"#,
    ]
    try await withClient(answer: { _ in .stream(lines.map { Array(($0 + "\n").utf8) }) }) { client, _ in
      let code = try await failure { try await client.pullImage("mysql:5.7", until: .generous) }
      #expect(code == .noMatchingPlatform)
    }
  }

  @Test func importsAnArchive() async throws {
    try await withClient(answer: { _ in .reply(200, #"{"status":"sha256:77"}"#) }) { client, server in
      let id = try await client.importImage([1, 2, 3], name: "tiny:1", changes: ["CMD x"], until: .generous)
      #expect(id == "sha256:77")
      let request = try #require(server.requests.last)
      #expect(request.body == [1, 2, 3])
      #expect(request.header("content-type") == "application/x-tar")
      #expect(
        request.query == ["fromSrc": "-", "repo": "docker.io/library/tiny", "tag": "1", "changes": "CMD x"])
    }
  }
}
