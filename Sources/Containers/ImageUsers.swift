package import DockerEngine
package import MonotonicTime

/// The users that an image knows, by name: their numbers differ from image to image.
package struct ImageUsers: Sendable {
  /// A user's number, and that of its group.
  package struct User: Sendable, Hashable {
    /// The user's number.
    package let id: UInt32
    /// The number of the user's group.
    package let group: UInt32

    /// A user of these numbers.
    package init(id: UInt32, group: UInt32) {
      self.id = id
      self.group = group
    }
  }

  private let users: [String: User]

  /// The users of a container's image.
  package static func read(in container: String, _ client: DockerClient, until deadline: Deadline)
    async throws
    -> ImageUsers
  {
    let bytes = try await client.readFile("/etc/passwd", in: container, until: deadline) ?? []
    return ImageUsers(passwd: String(decoding: bytes, as: UTF8.self))
  }

  /// The users of a file in the form of /etc/passwd: `name:password:user:group:…`.
  package init(passwd: String) {
    let lines = passwd.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ":", omittingEmptySubsequences: false)
    }
    users = Dictionary(
      lines.compactMap { fields in
        guard fields.count >= 4, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else { return nil }
        return (String(fields[0]), User(id: id, group: group))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The user of that name; nil for one whom the image does not know.
  package subscript(name: String) -> User? { users[name] }
}
