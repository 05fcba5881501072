import AppState
import DrydockBase
import Essentials

/// The confinement that Ubuntu's MySQL package brings: its server may only use /var/lib/mysql, so that one of ours is
/// refused its own data directory with a bare "permission denied".
package struct AppArmor: Sendable {
  /// Put before the absolute paths that are looked at, so that tests need not touch the machine's own.
  package var root: String

  /// Looks at this machine, or below another root in tests.
  package init(root: String = "") {
    self.root = root
  }

  /// What to do about a server that is confined; nil for one that is not.
  package func remedy(for server: String) -> String? {
    let profile = URL(filePath: server).resolvingSymlinksInPath().path.dropFirst().replacingExactly(
      "/", with: ".")
    let state = FileManager.default.contents(atPath: "\(root)/sys/module/apparmor/parameters/enabled")
    guard state?.first == UInt8(ascii: "Y"), Folder.exists("\(root)/etc/apparmor.d/\(profile)"),
      !Folder.exists("\(root)/etc/apparmor.d/disable/\(profile)")
    else { return nil }
    return
      "AppArmor confines \(server); let it go: sudo ln -s /etc/apparmor.d/\(profile) /etc/apparmor.d/disable/ "
      + "&& sudo apparmor_parser -R /etc/apparmor.d/\(profile)"
  }
}
