import AppState
package import ByteStreams
import DrydockBase
import Essentials
import Resources
import Servers

/// A copy of a resource's data, made before an import takes the data away: for engines that cannot take back what a script
/// did. It lies with the clients' files until the import has succeeded, so that it is there whatever happens meanwhile.
package struct KeptCopy: Sendable {
  /// Where it is: an export, compressed.
  package let path: String

  /// Has `export` write the copy.
  package static func make(of site: TransferSite, by export: (@escaping ByteSink) async throws -> Void)
    async throws
    -> KeptCopy
  {
    let folder = Self.folder(of: site)
    try folder.write([])
    let copy = KeptCopy(path: "\(folder.path)/\(prefix)\(Secret.make().prefix(8)).sql.gz")
    try await DumpFile(copy.path).write(export)
    return copy
  }

  /// The copies that imports left which were killed before they could put anything back, in a sentence; nil for none.
  package static func left(by site: TransferSite) -> String? {
    let folder = Self.folder(of: site).path
    let names = FileManager.default.readableNames(in: folder)
    let copies = names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(".sql.gz") }.sorted()
    guard !copies.isEmpty else { return nil }
    let paths = copies.map { "\(folder)/\($0)" }.joined(separator: ", ")
    return "an import that was killed kept what was there before it; remove it when it is of no use: \(paths)"
  }

  private static let prefix = "before-import-"

  private static func folder(of site: TransferSite) -> ClientFolder {
    let resource = site.target.state.storage(of: site.target.name)
    return ClientFolder(home: site.home, id: site.target.state.id, resource: resource)
  }

  /// Has `load` read the copy.
  package func read(_ load: (@escaping ByteSource) async throws -> Void) async throws {
    try await DumpFile(path).read { try await load(try Gzip.expanding($0)) }
  }

  /// Removes it, when nobody needs it any more.
  package func remove() { unlink(path) }
}
