package import DockerEngine

/// A file that a container gets before it starts.
package struct ContainerFile: Sendable, Hashable {
  /// Where it lies, from `/` on.
  package let path: String
  /// Its content.
  package let bytes: [UInt8]
  /// Its permissions.
  package let mode: UInt32
  /// The name of the image's user whose it is; nil for root.
  package let owner: String?

  /// A file.
  package init(_ path: String, _ bytes: [UInt8], mode: UInt32, owner: String? = nil) {
    self.path = path
    self.bytes = bytes
    self.mode = mode
    self.owner = owner
  }
}

extension TarArchive {
  /// Files for a container, below `/`, each with its owner. One whose owner the image does not know is readable
  /// for everyone in the container.
  /// - Parameter folder: A folder of root's, made for them.
  /// - Throws: `DockerError` for a path that no archive can hold.
  package init(_ files: [ContainerFile], folder: String, _ users: ImageUsers = ImageUsers(passwd: "")) throws
  {
    self.init()
    try addDirectory(folder)
    for file in files {
      let user = file.owner.flatMap { users[$0] }
      let mode = file.mode | (file.owner != nil && user == nil ? 0o444 : 0)
      try addFile(
        String(file.path.dropFirst()), mode: mode, uid: user?.id ?? 0, gid: user?.group ?? 0,
        bytes: file.bytes)
    }
  }
}
