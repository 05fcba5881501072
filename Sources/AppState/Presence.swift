package import DrydockBase
import Essentials

/// Whether a folder is still where it was.
///
/// Data goes when its folder is gone, so that "not to be seen" may not pass for it: a parent that may not be entered, a disk
/// that is not mounted, a server that does not answer.
package enum Presence: Sendable, Hashable {
  /// Something is there.
  case there
  /// Nothing is there, and whoever looked could see that.
  case gone
  /// It cannot be told, for a reason in words.
  case unknown(String)

  /// Looks for what is at an absolute path.
  package init(of path: String) {
    var info = stat()
    if stat(path, &info) == 0 {
      self = .there
    } else {
      self = Self.absence(path, errno)
    }
  }

  /// What an error says once every folder above was looked at, from the root on.
  private static func absence(_ path: String, _ error: Int32) -> Presence {
    guard meansNothing(error) else { return .unknown("\(path): \(String(cString: strerror(error)))") }
    var nearest = "/"
    for part in Folder.upward(from: path).reversed() {
      var info = stat()
      guard lstat(part, &info) == 0 else {
        guard meansNothing(errno) else { return .unknown("\(part): \(String(cString: strerror(errno)))") }
        break
      }
      // A link to a disk that is not mounted now, say.
      guard stat(part, &info) == 0 else { return .unknown("\(part) is a link to what cannot be reached") }
      nearest = part
    }
    return isReadable(nearest) ? .gone : .unknown("\(nearest) cannot be read")
  }

  private static func meansNothing(_ error: Int32) -> Bool { error == ENOENT || error == ENOTDIR }

  /// Whether a folder's names can be read; a file in a folder's place has none to be read.
  private static func isReadable(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOTDIR }
    close(descriptor)
    return true
  }
}

extension InstanceState {
  /// Whether the app's folder is still where it was.
  package var presence: Presence { Presence(of: path) }

  /// The refusal of what would take the app's data from a folder that may be there.
  package func outOfSight(_ reason: String) -> DrydockError {
    DrydockError(
      .failed, "whether the folder of \(handle) is gone cannot be told: \(reason)",
      suggestion:
        "make \(path) reachable, or mount its disk; remove what is in the way if it is gone for good")
  }
}
