import AppStateTestSupport
import ConvoxManifest
import DrydockTestSupport
import Engines
import ServersTestSupport
import Testing

@testable import DrydockBase
@testable import Planning
@testable import Servers

@Suite struct ImageChooserTests {
  private func choose(
    _ version: String, image: String? = nil, data: String? = nil, strict: Bool = false,
    environment: [String: String] = [:], answers: [String: StubResponse] = [:], type: String = "fake"
  ) async throws -> ServerSource {
    var source: ServerSource?
    try await DockerStub(answers: answers).run(environment: environment) { runtime, _, _ in
      var spec = fake("mem", FakeEngine(type), version: version)
      spec.image = image
      source = try await runtime.resolve(spec, data: data.flatMap(ServerVersion.init(in:)), strict: strict)
    }
    return try #require(source)
  }

  private let official = "GET /images/fake:1.0/json"
  private let labelled = "GET /images/json"

  @Test func theOfficialOneIsPulledWhereThereIsNone() async throws {
    let source = try await choose("1.0")
    #expect(source.origin == .image("fake:1.0", isLocal: false))
    #expect(source.drift == nil)
  }

  @Test func theOfficialOneThatIsThereIsTaken() async throws {
    let source = try await choose("1.0", answers: [official: .image("sha256:1")])
    #expect(source.origin == .image("fake:1.0", isLocal: true))
    #expect(source.version?.description == "1.0.1")
    #expect(source.drift == nil)
  }

  @Test func aLabelledOneThatFitsComesBeforeTheOfficialOne() async throws {
    let answers = [
      official: StubResponse.image("sha256:1"),
      labelled: .images(["drydock/own:1": "1.0.9", "drydock/own:2": "2.0"]),
    ]
    let source = try await choose("1.0", answers: answers)
    #expect(source.origin == .image("drydock/own:1", isLocal: true))
    #expect(source.drift == nil)
  }

  /// Bug: an image that somebody had built from one of drydock's own was taken for every app.
  @Test func whatIsBuiltFromALabelledOneIsForWhoeverNamesIt() async throws {
    let answers = [labelled: StubResponse.images(["mine:1": "1.0.9", "drydock/own:1": "1.0.2"])]
    #expect(
      try await choose("1.0", answers: answers).origin == .image("drydock/own:1", isLocal: true))
  }

  @Test func aLabelledOneThatDoesNotFitComesBeforeAPullAndSaysSo() async throws {
    let answers = [
      labelled: StubResponse.images(["drydock/own:2": "2.0", "drydock/own:3": "3.1", "nothing": nil])
    ]
    let source = try await choose("1.0", answers: answers)
    #expect(source.origin == .image("drydock/own:2", isLocal: true))
    #expect(source.drift == "fake 1.0 is wanted, 2.0 is in the image drydock/own:2")
    let strict = try await choose("1.0", strict: true, answers: answers)
    #expect(strict.origin == .image("fake:1.0", isLocal: false))
  }

  @Test func aLocalOfficialOneComesBeforeALabelledOneThatDoesNotFit() async throws {
    let answers = [official: StubResponse.image("sha256:1"), labelled: .images(["drydock/own:2": "2.0"])]
    #expect(try await choose("1.0", answers: answers).origin == .image("fake:1.0", isLocal: true))
  }

  @Test func whatTheManifestNamesIsTaken() async throws {
    let source = try await choose("1.0", image: "my/fake:7", environment: ["DRYDOCK_IMAGE_FAKE": "other"])
    #expect(source.origin == .image("my/fake:7", isLocal: false))
    let local = try await choose(
      "1.0", environment: ["DRYDOCK_IMAGE_FAKE": "other"],
      answers: ["GET /images/other/json": .image("sha256:2")])
    #expect(local.origin == .image("other", isLocal: true))
    #expect(local.version?.description == "1.0.1")
    #expect(try await choose("1.0", environment: ["DRYDOCK_IMAGE_FAKE": ""]).isLocal == false)
  }

  /// Bug: what a named image holds was never held against what is wanted, so that --strict-version refused only what ran
  /// already.
  @Test func aNamedImageOfAnotherVersionIsToldAndRefusedWhereVersionsAreStrict() async throws {
    let answers = ["GET /images/other/json": StubResponse.image("sha256:2")]
    let named = ["DRYDOCK_IMAGE_FAKE": "other"]
    let source = try await choose("2.0", environment: named, answers: answers)
    #expect(source.drift == "fake 2.0 is wanted, 1.0.1 is in the image other")
    #expect(try await choose("1.0", environment: named, answers: answers).drift == nil)
    let stub = DockerStub(answers: answers)
    try await stub.run(environment: named) { runtime, _, _ in
      let error = try await emulatorError {
        _ = try await runtime.resolve(fake("f", FakeEngine("fake"), version: "2.0"), data: nil, strict: true)
      }
      #expect(error.code == .unavailable)
    }
  }

  /// Bug: MariaDB under MySQL's name got MySQL's settings, and its replicas statements that it does not know.
  @Test(arguments: [
    ("MARIADB_VERSION=10.11.6", "", "mariadb"), ("MYSQL_VERSION=8.4.5", "", nil),
    ("A=b", #""dev.drydock.engine":"mariadb","dev.drydock.version":"10.11.6""#, "mariadb"),
    ("A=b", #""dev.drydock.engine":"mysql","dev.drydock.version":"9.7""#, nil),
  ])
  func anImageOfTheOtherFamilyMemberIsRunInItsOwnWay(_ variable: String, _ labels: String, _ holds: String?)
    async throws
  {
    let mysql = try #require(ResourceCatalog.builtIn.server("mysql"))
    let image =
      #"{"Id":"sha256:9","Os":"linux","Architecture":"amd64","Config":{"Env":["\#(variable)"],"Labels":{\#(labels)}}}"#
    let stub = DockerStub(answers: ["GET /images/mine/json": .reply(200, image)])
    try await stub.run(environment: ["DRYDOCK_IMAGE_MYSQL": "mine"]) { runtime, _, _ in
      let spec = ResourceSpec(name: "db", engine: mysql, version: "8.0", options: [:])
      let source = try await runtime.resolve(spec, data: nil, strict: false)
      #expect(source.standIn == holds)
      let launch = Launch(
        spec: spec, engine: mysql,
        request: ServerRequest(marker: "m", port: 15001, password: "a", administratorPassword: "b"),
        source: source, hasVerifiedData: false)
      #expect(runtime.engine(of: launch).product == holds ?? "mysql")
      if holds != nil { #expect(source.drift == "mariadb 10.11.6 stands in for mysql 8.0") }
    }
  }

  @Test func aMirrorStandsInFront() async throws {
    let mirror = ["DRYDOCK_REGISTRY": "registry.local:5000"]
    #expect(
      try await choose("1.0", environment: mirror).origin
        == .image("registry.local:5000/fake:1.0", isLocal: false))
  }

  @Test func dataIsServedByItsOwnSeriesOnly() async throws {
    let answers = [labelled: StubResponse.images(["drydock/own:1": "1.4", "drydock/own:2": "2.0"])]
    #expect(
      try await choose("2.0", data: "1.2", answers: answers).origin == .image("drydock/own:1", isLocal: true))
    let error = try await emulatorError {
      _ = try await choose("2.0", data: "3.2", answers: answers)
    }
    #expect(error.code == .dataMismatch)
    #expect(error.message.contains("made by fake 3.2"))
    #expect(error.suggestion?.contains("DRYDOCK_IMAGE_FAKE") == true)
  }

  /// Bug: the epoch was taken for the version, so that data of 10.5 was upgraded in place and lost to 10.5, and
  /// --strict-version refused the right image.
  @Test func aPackagesEpochIsNoVersion() async throws {
    let mariadb = try #require(ResourceCatalog.builtIn.engine("mariadb"))
    let image = StubResponse.image("sha256:1", variable: "MARIADB_VERSION=1:10.11.18+maria~ubu2204")
    let stub = DockerStub(answers: ["GET /images/mariadb:10.11/json": image])
    try await stub.run(environment: ["DRYDOCK_IMAGE_MARIADB": "mariadb:10.11"]) { runtime, _, _ in
      let spec = ResourceSpec(name: "db", engine: mariadb, version: "10.11", options: [:])
      let source = try await runtime.resolve(spec, data: nil, strict: true)
      #expect(source.version?.description == "10.11.18")
      let error = try await emulatorError {
        _ = try await runtime.resolve(spec, data: ServerVersion(in: "10.5.29"), strict: false)
      }
      #expect(error.code == .dataMismatch)
      #expect(error.message.contains("made by mariadb 10.5.29, and the image mariadb:10.11 holds 10.11.18"))
    }
    try await stub.run { runtime, _, _ in
      let spec = ResourceSpec(name: "db", engine: mariadb, version: "10.11", options: [:])
      let source = try await runtime.resolve(spec, data: nil, strict: true)
      #expect(source.origin == .image("mariadb:10.11", isLocal: true) && source.drift == nil)
    }
  }

  @Test func aSubstituteIsADrift() async throws {
    let redis = try #require(ResourceCatalog.builtIn.engine("redis"))
    try await DockerStub().run { runtime, _, server in
      let spec = ResourceSpec(name: "cache", engine: redis, version: "2.8.24", options: [:])
      let source = try await runtime.resolve(spec, data: nil, strict: false)
      #expect(source.origin == .image("redis:5.0", isLocal: false))
      #expect(source.drift?.contains("no longer pulls") == true)
      let filters = server.requests.last { $0.call == labelled }?.query["filters"]
      #expect(filters == #"{"label":["dev.drydock.engine=redis"]}"#)
      let error = try await emulatorError {
        _ = try await runtime.resolve(spec, data: nil, strict: true)
      }
      #expect(error.code == .unavailable)
    }
  }
}
