import DockerEngine
import MonotonicTime

/// The users that an image knows, by name: their numbers differ from image to image.
struct ImageUsers: Sendable {
  /// A user's number, and that of its group.
  struct User: Sendable, Hashable {
    let id: UInt32
    let group: UInt32
  }

  private let users: [String: User]

  /// The users of a container's image.
  static func read(in container: String, _ client: DockerClient, until deadline: Deadline) async throws
    -> ImageUsers
  {
    let bytes = try await client.readFile("/etc/passwd", in: container, until: deadline) ?? []
    return ImageUsers(passwd: String(decoding: bytes, as: UTF8.self))
  }

  /// The users of a file in the form of /etc/passwd: `name:password:user:group:…`.
  init(passwd: String) {
    let lines = passwd.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ":", omittingEmptySubsequences: false)
    }
    users = Dictionary(
      lines.compactMap { fields in
        guard fields.count >= 4, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else { return nil }
        return (String(fields[0]), User(id: id, group: group))
      }, uniquingKeysWith: { first, _ in first })
  }

  subscript(name: String) -> User? { users[name] }
}
