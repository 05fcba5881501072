import AppState
import ByteStreams
import DrydockBase
import Foundation
import Servers

/// A copy of a resource's data, made before an import takes the data away: for engines that cannot take back what a script
/// did. It lies with the clients' files until the import has succeeded, so that it is there whatever happens meanwhile.
struct KeptCopy: Sendable {
  /// Where it is: an export, compressed.
  let path: String

  /// Has `export` write the copy.
  static func make(of site: TransferSite, by export: (@escaping ByteSink) async throws -> Void) async throws
    -> KeptCopy
  {
    let resource = site.target.state.storage(of: site.target.name)
    let folder = ClientFolder(home: site.home, id: site.target.state.id, resource: resource)
    try folder.write([])
    let copy = KeptCopy(path: "\(folder.path)/before-import-\(Secret.make().prefix(8)).sql.gz")
    try await DumpFile(copy.path).write(export)
    return copy
  }

  /// Has `load` read the copy.
  func read(_ load: (@escaping ByteSource) async throws -> Void) async throws {
    try await DumpFile(path).read { try await load(try Gzip.expanding($0)) }
  }

  /// Removes it, when nobody needs it any more.
  func remove() { unlink(path) }
}
