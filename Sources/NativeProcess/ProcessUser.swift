import Essentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A user that a process runs as.
package struct ProcessUser: Sendable, Hashable {
  /// The user's number.
  package let userID: UInt32
  /// The number of its main group.
  package let groupID: UInt32
  /// Its name; nil where the user database knows none, as in many containers.
  package let name: String?

  /// A user by its numbers.
  package init(userID: UInt32, groupID: UInt32, name: String? = nil) {
    self.userID = userID
    self.groupID = groupID
    self.name = name
  }

  /// Whether it is the superuser, as whom initdb and mysqld refuse to run.
  package var isRoot: Bool { userID == 0 }

  /// The user that runs this process. Having no entry in the user database is no failure.
  package static var current: ProcessUser {
    ProcessUser(
      userID: geteuid(), groupID: getegid(),
      name: lookUp { getpwuid_r(geteuid(), $0, $1, $2, $3) }?.name)
  }

  /// The user of that number; without a name where the user database knows none.
  package static func numbered(_ userID: UInt32) -> ProcessUser? {
    lookUp { getpwuid_r(userID, $0, $1, $2, $3) }
  }

  /// The user of that name.
  /// - Throws: `NativeProcessError` with `.userUnknown`.
  package static func resolve(_ name: String) throws(NativeProcessError) -> ProcessUser {
    guard let user = lookUp({ getpwnam_r(name, $0, $1, $2, $3) }) else {
      throw NativeProcessError(.userUnknown, "there is no user \(name) on this machine")
    }
    return user
  }

  /// The user to run a server as: nil for the current one when that is not root, else the first of
  /// `candidates` that exists and is not root.
  /// - Throws: `NativeProcessError` with `.userUnknown` when drydock runs as root and none of them exists.
  package static func unprivileged(_ candidates: [String]) throws(NativeProcessError) -> ProcessUser? {
    guard current.isRoot else { return nil }
    for name in candidates {
      if let user = lookUp({ getpwnam_r(name, $0, $1, $2, $3) }), !user.isRoot { return user }
    }
    throw NativeProcessError(
      .userUnknown,
      "drydock runs as root, engines must not, and none of these users exists: "
        + candidates.joined(separator: ", "),
      suggestion: "run drydock as an ordinary user")
  }

  /// All groups of the user, its main group among them.
  var groups: [UInt32] {
    guard let name else { return [groupID] }
    var count: Int32 = 64
    #if canImport(Darwin)
      var groups = [Int32](repeating: 0, count: Int(count))
      guard getgrouplist(name, Int32(bitPattern: groupID), &groups, &count) >= 0 else { return [groupID] }
      return groups.prefix(Int(count)).map(UInt32.init(bitPattern:))
    #else
      var groups = [gid_t](repeating: 0, count: Int(count))
      guard getgrouplist(name, groupID, &groups, &count) >= 0 else { return [groupID] }
      return Array(groups.prefix(Int(count)))
    #endif
  }

  private typealias LookUp = (
    UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
    UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
  ) -> Int32

  private static func lookUp(_ call: LookUp) -> ProcessUser? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16 * 1024)
    return buffer.withUnsafeMutableBufferPointer { strings in
      guard let base = strings.baseAddress, call(&entry, base, strings.count, &found) == 0, found != nil
      else { return nil }
      return ProcessUser(
        userID: entry.pw_uid, groupID: entry.pw_gid, name: entry.pw_name.map { String(cString: $0) })
    }
  }
}
