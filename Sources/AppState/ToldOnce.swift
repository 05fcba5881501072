import DrydockBase
import Essentials
import LocalFiles

/// What commands have said of things that they meet whenever they are run, so that each is said once per change.
///
/// It is kept beside the instance's state, without a lock: of two commands at once one may be forgotten, and says it again.
package struct ToldOnce: Sendable {
  private let home: StateHome
  private let path: String
  /// More than anybody has; the file starts anew then.
  private static let limit = 64

  /// What was said about an instance.
  package init(home: StateHome, id: String) {
    self.home = home
    path = "\(home.instance(id))/told"
  }

  /// Whether lines about a thing differ from those that were said of it last. From now on they do not.
  ///
  /// Where that cannot be written down, as in another user's home, they stay new.
  /// - Parameter thing: What tells it from others.
  package func isNew(_ lines: [String], about thing: String) -> Bool {
    guard !lines.isEmpty else { return false }
    var told = (try? JSONDecoder().decode([String: String].self, from: contents())) ?? [:]
    let (key, text) = (shortHash(thing), shortHash(lines.joined(separator: "\n")))
    guard told[key] != text else { return false }
    if told.count >= Self.limit { told = [:] }
    told[key] = text
    remember(told)
    return true
  }

  private func contents() throws -> Data { Data(try BoundedFile.read(path, limit: 1 << 16)) }

  private func remember(_ told: [String: String]) {
    // What cannot be kept is said again, which harms nobody.
    guard (try? home.refuseOthers()) != nil, let bytes = try? JSONEncoder().encode(told) else { return }
    _ = try? AtomicFile.write(Array(bytes), to: path, mode: 0o600)
  }
}
