import ByteStreams
import DrydockBase
import Foundation
import Synchronization
import Testing

@testable import RackAPI

/// Unpacks an archive into a folder, beside which nothing may change.
/// - Parameters:
///   - pieces: How many bytes come at a time.
///   - check: Gets the folder, and what the unpacking threw.
func unpacking(
  _ bytes: [UInt8], pieces: Int = 700, bounds: SourceTree.Bounds = .init(),
  _ check: (URL, (any Error)?) throws -> Void
) async throws {
  let outer = FileManager.default.temporaryDirectory.appending(path: "drydock-tree-\(UUID().uuidString)")
  let root = outer.appending(path: "root")
  try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: outer) }
  try Data("outside".utf8).write(to: outer.appending(path: "secret"))
  let rest = Mutex(bytes[...])
  let source: ByteSource = {
    rest.withLock { rest in
      defer { rest = rest.dropFirst(pieces) }
      return rest.isEmpty ? nil : Array(rest.prefix(pieces))
    }
  }
  var failure: (any Error)?
  do {
    var tree = try SourceTree(in: root.path, bounds: bounds)
    try await tree.unpack(source)
  } catch { failure = error }
  try check(root, failure)
  #expect(try String(contentsOf: outer.appending(path: "secret"), encoding: .utf8) == "outside")
  #expect(try FileManager.default.contentsOfDirectory(atPath: outer.path).sorted() == ["root", "secret"])
}
