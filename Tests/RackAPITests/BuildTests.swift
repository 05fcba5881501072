import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import LocalServer
@testable import RackAPI

/// Uploads, builds and what they come to, on the wire.
@Suite struct BuildTests {
  struct Build: Decodable, Hashable {
    var id: String
    var app: String
    var status: String
    var release: String
    var reason: String
    var manifest: String
    var description: String
    var started: String
    var ended: String?
  }

  struct Release: Decodable, Hashable {
    var id: String
    var build: String
    var env: String
    var manifest: String
    var description: String
  }

  private struct Object: Decodable {
    var url: String
    enum CodingKeys: String, CodingKey { case url = "Url" }
  }

  private static let manifest = "services:\n  web:\n    command: sh web.sh\n"

  private static func archive(_ manifest: String = manifest, settings: String = "") -> [UInt8] {
    TarBytes.archive(
      TarBytes.member("convox.yml", manifest), TarBytes.member("web.sh", "sleep 1000\n"),
      TarBytes.member("drydock.yml", settings))
  }

  private func upload(
    _ bytes: [UInt8], _ port: Int, key: String = "", to path: String? = nil
  ) async throws -> WireResponse {
    let head = head(
      "POST", path ?? "/apps/web/objects/\(key)", port: port,
      ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"])
    return try await Wire.connect(port: port) { wire in
      try await wire.send(head)
      try await wire.send("\(String(bytes.count, radix: 16))\r\n")
      try await wire.send(bytes)
      try await wire.send("\r\n0\r\n\r\n")
      return try #require(try await wire.response())
    }
  }

  private func log(_ build: String, _ port: Int) async throws -> String {
    try await Wire.connect(port: port) { wire in
      try await wire.send(upgrade("/apps/web/builds/\(build)/logs", port: port))
      #expect(try await wire.response()?.status == 101)
      var text = ""
      while let frame = try await wire.frame(), frame.opcode != 8 {
        #expect(frame.opcode == 1)
        text += frame.text
      }
      return text
    }
  }

  /// An upload and its build to the end.
  private func build(_ bytes: [UInt8], _ port: Int, _ form: [(String, String)] = []) async throws -> (
    Build, String
  ) {
    let object: Object = try await upload(bytes, port).decode()
    let begun: Build = try await exchange(
      "POST", "/apps/web/builds", port: port, form: [("url", object.url)] + form
    ).decode()
    let text = try await log(begun.id, port)
    // As v2 has it: once the log has ended, the build is over.
    return (try await exchange("GET", "/apps/web/builds/\(begun.id)", port: port).decode(), text)
  }

  private func withWeb(_ body: @escaping @Sendable (Int, DrydockContext) async throws -> Void) async throws {
    try await withRack { port, context in
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "web")])
      try await body(port, context)
    }
  }

  private func objects(_ context: DrydockContext) -> [String] {
    let folder = context.home.instance(context.store.apps()[0].id) + "/objects"
    return (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  @Test func `an upload gets a name and a URL, with its key or without`() async throws {
    try await withWeb { port, context in
      let first = try await upload([1, 2, 3], port)
      #expect(first.text.wholeMatch(of: /\{"Url":"object:\/\/web\/tmp\/[a-z0-9]{30}"\}\n/) != nil)
      #expect(
        try await upload([4, 5], port, key: "tmp/ab.tgz").text == "{\"Url\":\"object://web/tmp/ab.tgz\"}\n")
      #expect(try await exchange("GET", "/apps/web/objects/tmp/ab.tgz", port: port).body == [4, 5])
      #expect(objects(context).count == 2)
      #expect(try await exchange("DELETE", "/apps/web/objects/tmp/ab.tgz", port: port).status == 200)
      #expect(try await exchange("GET", "/apps/web/objects/tmp/ab.tgz", port: port).status == 404)
      #expect(try await upload([1], port, key: String(repeating: "x", count: 201)).status == 400)
      // A name that would lead elsewhere is one like any other.
      #expect(try await upload([6], port, key: "..%2F..%2Fstate.json").status == 200)
      #expect(context.store.apps().count == 1)
    }
  }

  @Test func `an upload that breaks off leaves nothing`() async throws {
    try await withWeb { port, context in
      let head = head("POST", "/apps/web/objects/", port: port, ["Transfer-Encoding: chunked"])
      try await Wire.connect(port: port) { wire in
        try await wire.send(head)
        try await wire.send("400000\r\nabc")
      }
      try await eventually("no file") { objects(context).isEmpty }
    }
  }

  @Test func `a build comes to a release with its code, and its log is the stream byte for byte`()
    async throws
  {
    try await withWeb { port, context in
      let env = [("env", "A=1")]
      _ = try await exchange("POST", "/apps/web/releases", port: port, form: env)
      let (build, text) = try await build(
        Self.archive(), port, [("description", "first"), ("external", "false")])
      #expect(build.id.wholeMatch(of: /B[A-Z]{10}/) != nil)
      #expect(build.status == "complete", "\(text)")
      #expect(build.manifest == Self.manifest)
      #expect(build.ended != nil)
      #expect(text.contains("web: runs as a process"))
      let store = BuildStore(home: context.home, id: context.store.apps()[0].id)
      #expect(try String(contentsOfFile: store.log(of: build.id), encoding: .utf8) == text)
      #expect(try await log(build.id, port) == text)
      #expect(objects(context).isEmpty)
      let release: Release = try await exchange("GET", "/apps/web/releases/\(build.release)", port: port)
        .decode()
      #expect(
        release
          == Release(
            id: build.release, build: build.id, env: "A=1", manifest: Self.manifest, description: "first"))
      let builds = try await exchange("GET", "/apps/web/builds", port: port).decode([Build].self)
      #expect(builds == [build])
      // A change of the env goes on with the code; a rollback has what it names.
      let next: Release = try await exchange(
        "POST", "/apps/web/releases", port: port, form: [("env", "A=2")]
      ).decode()
      #expect(next.build == build.id)
      let old: Release = try await exchange(
        "POST", "/apps/web/releases", port: port, form: [("build", build.id), ("env", "A=1")]
      ).decode()
      #expect(old.build == build.id && old.env == "A=1")
      #expect(
        try await exchange("POST", "/apps/web/releases", port: port, form: [("build", "BNOPENOPENO")]).status
          == 404)
    }
  }

  @Test(arguments: [
    ("services:\n  web:\n    image: nginx\n", "does not run as a process"),
    ("services:\n  web:\n    command: /no/such/program\n", "not on this machine"),
    ("services: [\n", "ERROR: "), ("resources: {}\n", "no services"),
  ])
  func `a build of what cannot run fails and says why`(_ manifest: String, _ reason: String) async throws {
    try await withWeb { port, _ in
      let settings = manifest.contains("web:") ? "services:\n  web: process\n" : ""
      let (build, text) = try await build(Self.archive(manifest, settings: settings), port)
      #expect(build.status == "failed")
      #expect(build.release == "")
      #expect(!build.reason.isEmpty)
      #expect(text.contains("ERROR: ") && text.contains(reason), "\(text)")
      #expect(try await exchange("GET", "/apps/web/releases", port: port).text == "[]\n")
    }
  }

  @Test func `a source that cannot be unpacked fails the build`() async throws {
    try await withWeb { port, _ in
      let (build, text) = try await build(TarBytes.archive(TarBytes.member("../x", "y")), port)
      #expect(build.status == "failed")
      #expect(text.contains("cannot be unpacked"))
    }
  }

  @Test(arguments: [
    ([("url", "object://web/tmp/none")], "no such object: object://web/tmp/none"),
    ([("url", "https://example.com/a")], "no such object: https://example.com/a"), ([], "no such object: "),
    (
      [("external", "true")],
      "this rack takes no images that were built elsewhere: leave out --external, and it builds here"
    ),
    (
      [("url", "object://web/k"), ("manifest", "../x.yml")],
      "the manifest has to lie in the app's own folder, not at ../x.yml"
    ),
  ])
  func `a build that cannot begin is refused`(_ form: [(String, String)], _ text: String) async throws {
    try await withWeb { port, _ in
      _ = try await upload(Self.archive(), port, key: "k")
      let refused = try await exchange("POST", "/apps/web/builds", port: port, form: form)
      #expect(try errorText(refused) == text)
      #expect(try await exchange("GET", "/apps/web/builds", port: port).text == "[]\n")
    }
  }

  @Test func `promotions are refused in the rack's words`() async throws {
    try await withWeb { port, context in
      func promote(_ release: String, _ form: [(String, String)] = []) async throws -> WireResponse {
        try await exchange("POST", "/apps/web/releases/\(release)/promote", port: port, form: form)
      }
      let bare: Release = try await exchange("POST", "/apps/web/releases", port: port, form: [("env", "A=1")])
        .decode()
      #expect(try errorText(try await promote(bare.id)) == "can not promote a release with an empty manifest")
      let state = context.store.apps()[0]
      try Data("resources: {}\n".utf8).write(to: URL(filePath: "\(state.path)/convox.yml"))
      // The wall clock tells them apart by whole seconds on the wire, and by less here.
      let newer: Release = try await exchange(
        "POST", "/apps/web/releases", port: port, form: [("env", "A=2")]
      ).decode()
      #expect(try await promote(newer.id).text == "ok\n")
      #expect(try errorText(try await promote(bare.id)) == "can not promote an older release, try rollback")
      // At the end of convox start: nothing was started, so nothing is stopped.
      #expect(try await promote(newer.id, [("development", "false"), ("force", "true")]).text == "ok\n")
      let cancelled = try await exchange("POST", "/apps/web/cancel", port: port)
      #expect(cancelled.status == 403)
      #expect(cancelled.text == "app is not updating\n")
    }
  }

  @Test func `a build is exported with its source, and imported into another app`() async throws {
    try await withWeb { port, context in
      let (build, _) = try await build(Self.archive(), port, [("description", "first")])
      let export = try await exchange("GET", "/apps/web/builds/\(build.id).tgz", port: port)
      #expect(export.status == 200)
      _ = try await exchange("POST", "/apps", port: port, form: [("name", "other")])
      let imported: Build = try await upload(export.body, port, to: "/apps/other/builds/import")
        .decode()
      #expect(imported.status == "complete" && imported.id != build.id && imported.app == "other")
      #expect(imported.manifest == Self.manifest && imported.description == "first")
      let release: Release = try await exchange(
        "GET", "/apps/other/releases/\(imported.release)", port: port
      ).decode()
      #expect(release.build == imported.id)
      // An export of a rack on AWS has images and no source.
      let foreign = try await upload(
        TarBytes.archive(TarBytes.member("web.B1.tar", "x")), port, to: "/apps/other/builds/import")
      #expect(foreign.status == 400)
      #expect(
        try await exchange("GET", "/apps/other/builds", port: port).decode([Build].self).count == 1)
      #expect(try await upload([1, 2, 3], port, to: "/apps/other/builds/import").status == 400)
      #expect(
        try await exchange("GET", "/apps/web/builds/BNOPENOPENO.tgz", port: port).status == 404)
    }
  }

  @Test func `what a killed rack had half made is gone, and its builds have failed`() async throws {
    try await withContext { context in
      let state = try await context.directory.create(app: "web", until: .after(.seconds(30)))
      let store = BuildStore(home: context.home, id: state.id)
      var build = AppBuild()
      build.status = .running
      try await store.save(build)
      let objects = "\(context.home.instance(state.id))/objects"
      let fresh = "\(context.home.root)/apps/.web"
      for folder in [store.tree(of: build.id), objects, fresh] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      for file in [
        store.source(of: build.id), store.log(of: build.id), "\(store.tree(of: build.id))/a", "\(fresh)/a",
        "\(objects)/.part-abc", "\(objects)/tmp%2fwhole",
      ] { try Data("half".utf8).write(to: URL(filePath: file)) }
      let rack = Rack(context: context, log: .silent)
      await rack.recover()
      let id = build.id
      try await withServer(rack.server(password: password)) { port in
        let seen: Build = try await exchange("GET", "/apps/web/builds/\(id)", port: port).decode()
        #expect(seen.status == "failed" && seen.reason == "the rack ended during the build")
        #expect(seen.ended != nil)
        #expect(try await log(id, port) == "half")
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: store.folder(of: build.id)).sorted()
      #expect(left == ["build.json", "log"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: objects) == ["tmp%2fwhole"])
      #expect(!FileManager.default.fileExists(atPath: fresh))
    }
  }

  /// Bug: where the releases could not be read, the build that a release in force needs was removed as too old.
  @Test(arguments: [(false, 26), (true, BuildStore.limit)])
  func `old builds go only where it is known that no release needs them`(
    _ isKnown: Bool, _ count: Int
  ) async throws {
    try await withContext { context in
      let state = try await context.directory.create(app: "web", until: .after(.seconds(30)))
      let rack = Rack(context: context, log: .silent)
      let store = rack.buildStore(state)
      for second in 0..<25 {
        var old = AppBuild()
        (old.status, old.started) = (.complete, Date(timeIntervalSince1970: Double(second)))
        try await store.save(old)
      }
      let releases = URL(filePath: "\(context.home.instance(state.id))/releases.json")
      if !isKnown { try Data("{".utf8).write(to: releases) }
      let build = AppBuild()
      try await store.save(build)
      let ended = await AppBuilding(
        rack: rack, state: state, build: build, output: try BuildOutput(path: store.log(of: build.id)),
        ignoresCache: false, arguments: nil
      ).run()
      #expect(store.load(build.id)?.status == ended.status && ended.status.isFinal)
      #expect(store.list().count == count)
    }
  }

  @Test func `a log at its bound says so, and all who follow get the same`() async throws {
    let path = FileManager.default.temporaryDirectory.path + "/drydock-log-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let output = try BuildOutput(path: path, limit: 1000)
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<50 {
        group.addTask {
          let sink = ByteCollector()
          try await BuildLogStream(path: path, output: output).run { await sink.add($0) }
          return await sink.bytes
        }
      }
      for number in 0..<200 {
        output.write("line \(number)\n")
        await Task.yield()
      }
      output.finish()
      let stored = try Data(contentsOf: URL(filePath: path))
      #expect(stored.count == 1000)
      #expect(String(decoding: stored, as: UTF8.self).hasSuffix(BuildOutput.mark))
      for try await bytes in group { #expect(Data(bytes) == stored) }
    }
  }
}

private actor ByteCollector {
  private(set) var bytes: [UInt8] = []
  func add(_ more: [UInt8]) { bytes += more }
}
