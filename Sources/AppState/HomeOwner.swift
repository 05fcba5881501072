package import DrydockBase
import Essentials

/// Another user, to whom a home belongs.
///
/// The files of engines and ports have one owner. What another user wrote there, root before all, would be beyond the
/// owner's reach from then on, and engines that root starts are others than the owner's.
package struct HomeOwner: Sendable, Hashable {
  /// The user's number.
  package var user: UInt32
  /// The user's name, where the machine knows one.
  package var name: String?
  /// Whether that user called this command by `sudo`.
  package var isCaller: Bool

  /// An owner.
  package init(user: UInt32, name: String?, isCaller: Bool) {
    self.user = user
    self.name = name
    self.isCaller = isCaller
  }

  /// The owner of the instances in a home; nil where it is the user of this process, and before there are any.
  package init?(of root: String, environment: [String: String]) {
    // A link there leads wherever its owner wants it to, to a folder of the caller's too.
    let calls: [(UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> Int32] = [lstat, stat]
    let owners = calls.compactMap { call -> uid_t? in
      var info = stat()
      return call("\(root)/instances", &info) == 0 ? info.st_uid : nil
    }
    // What NFS calls nobody may be root itself.
    guard let user = owners.first(where: { $0 != geteuid() && $0 != 65_534 }) else { return nil }
    self.init(
      user: user, name: Self.name(of: user), isCaller: environment["SUDO_UID"] == "\(user)")
  }

  private static func name(of user: UInt32) -> String? {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) }
  }

  /// Refuses to change anything.
  package func refusal(of root: String) -> DrydockError {
    let owner = name.map { "\($0) (uid \(user))" } ?? "the user \(user)"
    let caller = isCaller ? ", who called this by sudo (SUDO_UID)" : ""
    return DrydockError(
      .cannotWrite,
      "the home \(root) belongs to \(owner)\(caller): engines' and ports' files have one owner, and this is uid \(geteuid())",
      suggestion: isCaller
        ? "call it without sudo; ps, doctor and down work with it too"
        : "call it as that user, or name a home of your own by DRYDOCK_HOME; ps, doctor and down work here too"
    )
  }
}

extension StateHome {
  /// Refuses to change a home that is another user's, or the copy of one that is still there.
  /// - Throws: `DrydockError.cannotWrite` naming the owner or the original.
  package func refuseOthers() throws {
    if let owner { throw owner.refusal(of: root) }
    try refuseCopies()
  }
}
