import Containers
import DrydockBase

/// The owners that `COPY --chown` names, as numbers: an image's own users and groups.
package struct CopyOwners: Sendable {
  private let users: ImageUsers
  private let groups: ImageUsers

  /// Of the two files in an image.
  init(passwd: String = "", group: String = "") {
    users = ImageUsers(passwd: passwd)
    // `name:password:number:members` with one more field reads as a line of passwd.
    groups = ImageUsers(
      passwd: group.splitExactly(at: "\n").map { line in
        let parts = line.splitExactly(at: ":", omittingEmpty: false)
        return parts.count > 2 ? "\(parts[0]):x:\(parts[2]):\(parts[2])" : ""
      }.joined(separator: "\n"))
  }

  /// Whether names have to be looked up.
  static func needsNames(_ owner: String) -> Bool {
    owner.splitExactly(at: ":").contains { UInt32($0) == nil }
  }

  /// The numbers of an owner; root's for none. Without a group it is the one of the user's name, as the builder has it.
  func numbers(_ owner: String?) -> ImageUsers.User {
    guard let owner else { return ImageUsers.User(id: 0, group: 0) }
    let parts = owner.splitExactly(at: ":", omittingEmpty: false)
    let named = users[parts[0]]
    let user = UInt32(parts[0]) ?? named?.id ?? 0
    let name = parts.count > 1 ? parts[1] : parts[0]
    let group = UInt32(name) ?? groups[name]?.id ?? (parts.count > 1 ? 0 : named?.group ?? 0)
    return ImageUsers.User(id: user, group: group)
  }
}
