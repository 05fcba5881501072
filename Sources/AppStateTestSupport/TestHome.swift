package import AppState
package import DrydockBase
import Engines
package import Foundation
package import Testing

/// A folder of a test's own, with a state home and room for apps in it; removed when the body is through.
package struct TestHome: Sendable {
  package let path: String

  package var home: StateHome {
    StateHome(root: "\(path)/state", engines: "\(path)/state/engines", sockets: "\(path)/sockets")
  }
  package var store: StateStore { StateStore(home: home) }
  package var directory: InstanceDirectory { InstanceDirectory(store: store, catalog: .builtIn) }

  /// What a command would be given, with drydock's own engines.
  package var context: DrydockContext {
    DrydockContext(environment: [:], currentDirectory: path, home: home, catalog: .builtIn)
  }

  package static func with<Value>(_ body: (TestHome) async throws -> Value) async throws -> Value {
    // What a link leads to, since drydock resolves links (/tmp is one on macOS).
    let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    let test = TestHome(path: "\(temporary)/drydock-unit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: test.path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: test.path) }
    return try await body(test)
  }

  /// An empty folder below the test's.
  package func folder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    return "\(path)/\(name)"
  }

  /// An app's folder.
  package func app(_ name: String) throws -> AppFolder { AppFolder(try folder(name)) }

  package func write(_ text: String, to name: String) throws {
    let file = URL(filePath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  package func text(_ name: String) -> String? {
    FileManager.default.contents(atPath: "\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
  }

  /// The permissions of a file; nil when it is not there.
  package func mode(_ name: String) -> mode_t? {
    var info = stat()
    return lstat("\(path)/\(name)", &info) == 0 ? info.st_mode & 0o7777 : nil
  }
}

/// The state of an instance that was never saved.
package func state(_ id: String = "abc123def456", handle: String = "web", path: String = "/apps/web")
  -> InstanceState
{
  InstanceState(
    id: id, handle: handle, app: handle, path: path, resourcePassword: "11111111-2222-3333-4444-555555555555")
}

/// The error of a call that has to fail with one of ours.
package func emulatorError(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async throws -> DrydockError {
  try await #require(throws: DrydockError.self, sourceLocation: sourceLocation) { try await body() }
}
