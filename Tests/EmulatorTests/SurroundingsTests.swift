import ConvoxEnvironment
import ConvoxManifest
import DockerEngine
import Engines
import Foundation
import HealthProbes
import LocalFiles
import MonotonicTime
import NativeProcess
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Resources
@testable import Servers

@Suite struct EndpointTests {
  private func known(_ type: String) throws -> (InstanceState, any Engine) {
    var state = EmulatorTests.state()
    var record = ResourceRecord(type: type, administratorPassword: "secret", wantedVersion: "", options: [:])
    record.port = ResourceCatalog.builtIn.engine(type)?.server == nil ? nil : 15001
    state.resources["my-db"] = record
    return (state, try #require(ResourceCatalog.builtIn.engine(type)))
  }

  @Test(arguments: [
    ("postgres", Viewpoint.host, "postgres://app:PW@127.0.0.1:15001/app"),
    ("postgres", .container, "postgres://app:PW@my-db:5432/app"),
    ("mysql", .host, "mysql://app:PW@127.0.0.1:15001/app"),
    ("mariadb", .container, "mysql://app:PW@my-db:3306/app"),
    ("redis", .host, "redis://127.0.0.1:15001/0"), ("redis", .container, "redis://my-db:6379/0"),
    ("memcached", .host, "127.0.0.1:15001"), ("memcached", .container, "my-db:11211"),
  ])
  func addressesAreSeenFromHostAndContainer(_ type: String, _ from: Viewpoint, _ expected: String) throws {
    let (state, engine) = try known(type)
    let endpoint = try #require(state.endpoint(of: "my-db", engine: engine, from: from))
    #expect(endpoint.url == expected.replacing("PW", with: state.resourcePassword))
    #expect(endpoint.maskedURL == expected.replacing("PW", with: "****"))
  }

  @Test func whatRunsElsewhereIsTheSameFromEverywhere() throws {
    var (state, engine) = try known("postgres")
    state.resources["my-db"]?.externalURL = "postgres://u:p@h/d"
    for viewpoint in Viewpoint.allCases {
      #expect(state.endpoint(of: "my-db", engine: engine, from: viewpoint)?.url == "postgres://u:p@h/d")
    }
  }

  @Test func whatNeverHadAPortHasNoAddress() throws {
    var (state, engine) = try known("redis")
    #expect(state.endpoint(of: "other", engine: engine) == nil)
    state.resources["my-db"]?.port = nil
    #expect(state.endpoint(of: "my-db", engine: engine) == nil)
    let (files, efs) = try known("efs")
    #expect(files.endpoint(of: "my-db", engine: efs) == nil)
  }
}

@Suite struct SharedDirectoryTests {
  private func directory(_ options: [String: String], _ test: TestHome) -> SharedDirectory {
    SharedDirectory(resource: "files", options: options, home: test.home, id: "i")
  }

  @Test(arguments: [("/", ""), ("/a/b", "/a/b"), ("/../../etc", "/etc"), ("/a/./../b", "/a/b"), ("", "")])
  func liesInsideItsResourcesFolder(_ path: String, _ expected: String) async throws {
    try await TestHome.with { test in
      let base = "\(test.home.resource("files", of: "i"))/files"
      #expect(directory(["path": path], test).path == base + expected)
    }
  }

  @Test(arguments: [("0777", 0o777), ("0750", 0o750), ("1777", 0o1777), ("nonsense", 0o777)])
  func getsItsPermissionsWhateverTheMask(_ permissions: String, _ mode: Int) async throws {
    try await TestHome.with { test in
      let options = ["path": "/data", "permissions": permissions]
      try directory(options, test).make()
      #expect(test.mode("state/engines/i/files/files/data") == mode_t(mode))
    }
  }

  @Test("No link below the share is followed", arguments: ["/linked", "/linked/below", "/own/linked/x"])
  func followsNoLink(_ path: String) async throws {
    try await TestHome.with { test in
      let base = "\(test.home.resource("files", of: "i"))/files"
      try FileManager.default.createDirectory(atPath: "\(base)/own", withIntermediateDirectories: true)
      let outside = try test.folder("outside")
      for link in ["linked", "own/linked"] {
        try FileManager.default.createSymbolicLink(atPath: "\(base)/\(link)", withDestinationPath: outside)
      }
      let directory = directory(["path": path, "owner-uid": "1234", "owner-gid": "4321"], test)
      let error = #expect(throws: DrydockError.self) { try directory.make() }
      #expect(error?.message.contains("symbolic link") == true, "\(String(describing: error))")
      #expect(throws: DrydockError.self) { try directory.open() }
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside).isEmpty)
      #expect(directory.mountSource == "\(base)/\(path)")
    }
  }

  @Test(.enabled(if: getuid() == 0, "only root may give a directory away"))
  func getsItsOwner() async throws {
    try await TestHome.with { test in
      let directory = directory(["owner-uid": "1234", "owner-gid": "4321", "permissions": "0700"], test)
      try directory.make()
      var info = stat()
      #expect(stat(directory.path, &info) == 0)
      #expect(info.st_uid == 1234 && info.st_gid == 4321 && info.st_mode & 0o7777 == 0o700)
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may give every directory away"))
  func withoutTheRightItsOwnerIsSaidOnce() async throws {
    try await TestHome.with { test in
      let directory = directory(["owner-uid": "1234", "owner-gid": "4321"], test)
      let said = try directory.make()
      #expect(said?.contains("1234:4321") == true)
      let again = try directory.make()
      #expect(again == nil)
    }
  }

  @Test func oneThatExistsKeepsWhatItHas() async throws {
    try await TestHome.with { test in
      let first = directory(["permissions": "0777"], test)
      try first.make()
      try Data("x".utf8).write(to: URL(filePath: "\(first.path)/file"))
      chmod(first.path, 0o700)
      try directory(["permissions": "0755"], test).make()
      #expect(test.mode("state/engines/i/files/files") == 0o700)
      #expect(test.text("state/engines/i/files/files/file") == "x")
      try await first.delete()
      #expect(!Folder.exists(test.home.resource("files", of: "i")))
      try await first.delete()
    }
  }
}

@Suite struct EnvironmentFilesTests {
  private static let yaml = """
    resources:
      mydb: { type: postgres }
    services:
      web:
        environment: [MODE=dev]
        resources: [mydb]
      worker: {}
    """

  private func files(
    _ test: TestHome, _ text: String = yaml, _ environment: [String: String] = [:],
    home: StateHome? = nil
  ) throws -> EnvironmentFiles {
    var state = EmulatorTests.state(path: "\(test.path)/web")
    var record = ResourceRecord(
      type: "postgres", administratorPassword: "", wantedVersion: "12", options: [:])
    record.port = 15001
    state.resources["mydb"] = record
    var context = test.context
    context.home = home ?? context.home
    return EnvironmentFiles(
      folder: try test.app("web"), context: context, state: state,
      manifest: try manifest(text, environment),
      specs: try specs(text, environment), appEnvironment: environment, links: [])
  }

  @Test func oneAServiceAndOneForAll() async throws {
    try await TestHome.with { test in
      let warnings = try files(test).write()
      #expect(warnings.isEmpty)
      let web = try #require(test.text("web/.drydock/web.env"))
      let password = EmulatorTests.state().resourcePassword
      #expect(web.contains("MYDB_URL=postgres://app:\(password)@127.0.0.1:15001/app\n"))
      #expect(web.contains("MODE=dev\n") && web.contains("APP=web\n") && web.contains("SERVICE=web\n"))
      let all = try #require(test.text("web/.drydock/all.env"))
      #expect(all.contains("MYDB_PORT=15001\n") && !all.contains("MODE"))
      let worker = try #require(test.text("web/.drydock/worker.env"))
      #expect(!worker.contains("MYDB"))
      for name in ["web", "all", "worker"] { #expect(test.mode("web/.drydock/\(name).env") == 0o600) }
      #expect(test.text("web/.drydock/.gitignore") == "*\n")
    }
  }

  @Test func oneOddValueCostsNoFile() async throws {
    try await TestHome.with { test in
      let odd =
        "services:\n  web:\n    environment: [\"GREETING=hello world\", \"PRICE=it's $5\", MODE=dev]\n"
        + "  worker:\n    environment: [\"PRICE=it's $5\"]\n"
      let warnings = try files(test, odd).write()
      #expect(warnings.count == 1)
      let warning = try #require(warnings.first)
      #expect(
        warning.contains(".drydock/web.env, worker.env;") && warning.contains("PRICE")
          && !warning.contains("$5"))
      #expect(warning.contains("drydock env web --format shell") && !warning.contains("GREETING"))
      let web = try #require(test.text("web/.drydock/web.env"))
      #expect(web.contains("\nGREETING='hello world'\n") && web.contains("\nMODE=dev\n"))
      #expect(web.contains("# left out: PRICE ") && !web.contains("$5"))
    }
  }

  @Test func theSameBytesAreNotWrittenAgain() async throws {
    try await TestHome.with { test in
      func inodes() throws -> [ino_t] {
        try ["web", "all", "worker"].map { name in
          var info = stat()
          try #require(lstat("\(test.path)/web/.drydock/\(name).env", &info) == 0)
          return info.st_ino
        }
      }
      _ = try files(test).write()
      let before = try inodes()
      _ = try files(test).write()
      #expect(try inodes() == before)
    }
  }

  @Test func filesOfServicesThatAreGoneGoToo() async throws {
    try await TestHome.with { test in
      _ = try files(test).write()
      let folder = try test.app("web")
      try folder.write(FolderMark(id: "abc123def456"))
      _ = try files(test, "resources:\n  mydb: { type: postgres }\nservices:\n  web: {}\n").write()
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.drydock)
      #expect(names.sorted() == [".gitignore", "all.env", "home", "id", "web.env"])
      try EnvironmentFiles.remove(from: folder, home: test.home) { _ in }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.drydock).sorted() == [".gitignore", "id"])
      #expect(folder.id == "abc123def456")
    }
  }

  /// Two homes over one folder, as a dev container's and that of the machine.
  @Test func theFilesNameTheHomeThatWroteThem() async throws {
    try await TestHome.with { test in
      let other = StateHome(root: "\(test.path)/other", engines: "\(test.path)/e", sockets: "\(test.path)/s")
      #expect(try files(test).write().isEmpty)
      #expect(test.text("web/.drydock/home")?.contains(test.home.root) == true)
      try EnvironmentFiles.remove(from: try test.app("web"), home: other) { _ in }
      #expect(test.text("web/.drydock/web.env") != nil, "they are not the other's to remove")
      let warnings = try files(test, home: other).write()
      #expect(warnings.count == 1 && warnings[0].contains(test.home.root) && warnings[0].contains(other.root))
      #expect(try files(test, home: other).write().isEmpty)
      try EnvironmentFiles.remove(from: try test.app("web"), home: other) { _ in }
      #expect(test.text("web/.drydock/web.env") == nil && test.text("web/.drydock/home") == nil)
    }
  }

  @Test func aMissingVariableIsOnlyAWarning() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n  worker: {}\n"
      let warnings = try files(test, text).write()
      #expect(warnings.count == 1)
      #expect(
        warnings.first?.hasPrefix(".drydock/web.env is not written: convox.yml:3:19: required env: ") == true)
      #expect(warnings.first?.contains("SECRET") == true)
      #expect(test.text("web/.drydock/worker.env") != nil)
    }
  }

  /// What an earlier `up` wrote would pass for what is true now.
  @Test func whatCannotBeWrittenAnyMoreIsNotLeftStale() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n"
      let before = try files(test, text, ["SECRET": "old"]).write()
      #expect(before.isEmpty)
      #expect(test.text("web/.drydock/web.env")?.contains("SECRET=old") == true)
      let after = try files(test, text).write()
      #expect(after.count == 1)
      #expect(test.text("web/.drydock/web.env") == nil)
    }
  }

  @Test func aValueThatFitsNoFileIsNamed() async throws {
    try await TestHome.with { test in
      let text = "services:\n  web:\n    environment: [SECRET]\n"
      let warnings = try files(test, text, ["SECRET": "two\r\nlines"]).write()
      #expect(warnings.count == 1)
      #expect(warnings.first?.contains("SECRET") == true)
    }
  }

  @Test func aServiceCalledAllDoesNotHideTheResources() async throws {
    try await TestHome.with { test in
      let text = "resources:\n  mydb: { type: postgres }\nservices:\n  all: {}\n"
      let warnings = try files(test, text).write()
      #expect(test.text("web/.drydock/all.env")?.contains("MYDB_URL=") == true)
      #expect(warnings.count == 1)
      #expect(warnings.first?.contains("drydock env all") == true)
    }
  }
}

@Suite struct DrydockErrorTests {
  @Test(
    arguments: [
      (DockerError(.engineUnavailable(.notRunning), "m"), .unavailable),
      (DockerError(.noSuchImage, "m"), .unavailable),
      (DockerError(.rateLimited, "m"), .unavailable), (DockerError(.registryUnreachable, "m"), .unavailable),
      (DockerError(.timedOut, "m"), .notReady), (DockerError(.conflict, "m"), .failed),
      (NativeProcessError(.keeperMissing, "m"), .unavailable),
      (NativeProcessError(.locksUnsupported, "m"), .cannotWrite),
      (NativeProcessError(.portTaken, "m"), .failed), (TimeoutError("m"), .notReady),
      (PortTakenError(port: 7, owner: "m"), .failed), (ProbeFailure.starting(message: "m"), .failed),
      (AtomicFileError(.noSpace, path: "m", errno: 28), .cannotWrite), (Unknown.m, .internalFault),
      (DrydockError(.dataMismatch, "m"), .dataMismatch),
    ] as [(any Error, DrydockError.Code)])
  func errorsOfTheLibrariesAreTranslated(_ error: any Error, _ code: DrydockError.Code) {
    let translated = DrydockError(error)
    #expect(translated.code == code)
    #expect(translated.message.contains("m"))
    if !(error is DrydockError) {
      #expect(DrydockError(error, resource: "mydb").message.hasPrefix("resource mydb: "))
    }
  }

  private enum Unknown: Error { case m }

  @Test func ofSeveralFailuresTheFirstDecidesAndAMissedDeadlineLast() {
    let late = DrydockError(.notReady, "late")
    let wrong = DrydockError(.unavailable, "wrong")
    #expect(AggregateError([("a", late), ("b", wrong)]).code == .unavailable)
    #expect(AggregateError([("a", late), ("b", late)]).code == .notReady)
    #expect(AggregateError([("a", DrydockError(.failed, "x")), ("b", wrong)]).code == .failed)
    #expect(AggregateError([]).code == .failed)
  }

  @Test func anUnknownNameGetsTheNearestAndTheList() {
    let error = UnknownName.error("resource", "mydc", known: ["cache", "mydb"])
    #expect(error.code == .usage)
    #expect(error.message == "no resource is called mydc")
    #expect(error.suggestion == "did you mean mydb? there is cache, mydb")
    #expect(UnknownName.error("app", "x", known: []).suggestion == "there is none")
  }
}
