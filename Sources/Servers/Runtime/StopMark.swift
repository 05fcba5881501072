import AppState
import Essentials
import LocalFiles
import NativeProcess
import SystemPackage

/// A file that says that a server was stopped by drydock, so that its end is no crash.
package struct StopMark: Sendable {
  package let path: String

  /// Whether the last end was asked for.
  package var isSet: Bool { Folder.exists(path) }

  /// To be called before the server is told to stop. Without room for it the server is stopped all the same,
  /// which is what was asked for, and may count as crashed.
  package func set() {
    let url = URL(filePath: path)
    // Neither through a link nor into a file that is there: the folder may be that of whoever runs the server.
    try? DirectoryDescriptor(url.deletingLastPathComponent().path, followingLink: getuid() != 0)
      .replace(url.lastPathComponent, with: [], mode: 0o600, isDurable: false)
  }

  /// To be called before the server is started.
  package func clear() throws { try Folder.remove(path) }
}
