package import NativeProcess

/// What belongs to a throw-away instance as a whole.
package struct ThrowAway: Sendable {
  /// Its folder.
  package let folder: String
  /// What ends its processes and removes its folder.
  package let folderGuard: FolderGuard

  /// A throw-away instance.
  package init(folder: String, folderGuard: FolderGuard) {
    self.folder = folder
    self.folderGuard = folderGuard
  }
}
