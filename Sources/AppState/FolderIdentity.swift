import CFileBirth
import Essentials

/// What tells a folder from every other that was ever at its path: its inode, and when it was made.
///
/// The inode alone says nothing: ext4 hands it out again at once, so that a new worktree often has that of the one
/// removed before it.
package struct FolderIdentity: Sendable, Hashable, Codable {
  /// The inode's number.
  package var inode: UInt64
  /// When it was made, in nanoseconds since 1970; nil where the file system does not say.
  package var born: Int64?

  /// An identity of these parts.
  package init(inode: UInt64, born: Int64?) {
    self.inode = inode
    self.born = born
  }

  /// The identity of the folder at a path; nil where there is none.
  package init?(of path: String) {
    var (inode, born): (UInt64, Int64) = (0, 0)
    guard drydock_file_birth(path, &inode, &born) == 0 else { return nil }
    self.init(inode: inode, born: born == 0 ? nil : born)
  }

  /// Whether it is proved to be the same folder.
  package func isSurely(_ other: FolderIdentity?) -> Bool { born != nil && self == other }
}
