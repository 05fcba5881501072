import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
@testable import LocalFiles
@testable import Servers

/// A server that is put together anew in the cache.
@Suite struct RelocatedServerTests {
  /// An installed PostgreSQL below a folder of the test's.
  private func install(_ test: TestHome) throws -> NativeInstallation {
    for (file, text) in [
      ("pg/bin/postgres", "#!/bin/sh\necho installed\n"), ("pg/lib/dblink.so", ""),
      ("pg/share/extension/plpgsql.control", "trusted = true\n"),
      ("pg/share/extension/dblink.control", "relocatable = true\n"),
      ("pg/share/extension/adminpack.control", "relocatable = true\n"),
      ("pg/share/extension/dblink--1.2.sql", "SELECT 1;\n"), ("pg/share/timezonesets/Default", "UTC\n"),
    ] {
      try test.write(text, to: file)
    }
    chmod("\(test.path)/pg/bin/postgres", 0o755)
    return NativeInstallation(
      server: "\(test.path)/pg/bin/postgres", tools: [:], version: try #require(ServerVersion(in: "15.4")),
      banner: "postgres (PostgreSQL) 15.4")
  }

  private func relocated(_ test: TestHome, _ installed: NativeInstallation) throws -> RelocatedServer {
    let engine = try #require(ResourceCatalog.builtIn.engine("postgres")?.server)
    return try #require(
      RelocatedServer(
        installed, engine, cache: "\(test.path)/cache", boot: "0FB1C2D3-0000-0000-0000-000000000001"))
  }

  @Test("What is amended is amended in it alone, and all else is the system's own")
  func parts() async throws {
    try await TestHome.with { test in
      let installed = try install(test)
      let server = try #require(try await relocated(test, installed).make { _ in true })
      let root = String(server.dropLast(installed.server.count))
      #expect(server.hasPrefix("\(test.path)/cache/servers/") && server.hasSuffix("/pg/bin/postgres"))
      let share = "\(root)\(test.path)/pg/share"
      func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
      }
      #expect(text("\(share)/extension/dblink.control") == "relocatable = true\ntrusted = true\n")
      #expect(text("\(share)/extension/adminpack.control") == "relocatable = true\n")
      #expect(text("\(share)/timezonesets/Default") == "UTC\n")
      #expect(text("\(root)\(test.path)/pg/lib/dblink.so") == "")
      #expect(test.text("pg/share/extension/dblink.control") == "relocatable = true\n")
      // A link would lead the server back to where it was installed.
      var info = stat()
      #expect(lstat(server, &info) == 0 && info.st_mode & S_IFMT == S_IFREG && info.st_mode & 0o7777 == 0o755)
      // It is there from then on, until something is installed or updated.
      let again = try await relocated(test, installed).make { _ in
        Issue.record("it is made already")
        return true
      }
      #expect(again == server)
      try test.write("relocatable = true\n", to: "pg/share/extension/vector.control")
      let newer = try #require(try await relocated(test, installed).make { _ in true })
      #expect(newer != server && Folder.exists(server))
    }
  }

  @Test("A cache in which nothing can be run is done without, and nothing half made is left")
  func unusable() async throws {
    try await TestHome.with { test in
      let server = try relocated(test, try install(test))
      #expect(try await server.make { _ in false } == nil)
      let boots = "\(test.path)/cache/servers"
      for boot in try FileManager.default.contentsOfDirectory(atPath: boots) {
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(boots)/\(boot)").isEmpty)
      }
    }
  }

  @Test("What an earlier run of the machine left is removed")
  func earlierBoot() async throws {
    try await TestHome.with { test in
      let old = try test.folder("cache/servers/0FB1C2D3-0000-0000-0000-000000000002")
      _ = try await relocated(test, try install(test)).make { _ in true }
      #expect(!Folder.exists(old))
    }
  }
}
