import Essentials

/// What to do about a file or folder of drydock's that cannot be written.
package enum WriteRemedy {
  /// Where there is no room.
  package static let elsewhere = "free some space, or name a folder on another local disk by DRYDOCK_HOME"

  /// Where the disk of a folder has no room.
  /// - Parameter isMovable: Whether another disk would do as well: what is there already stays where it is.
  package static func onDisk(of folder: String, isMovable: Bool) -> String {
    let there = "free some space on the disk of \(folder)"
    return isMovable ? "\(there), or name a folder on another local disk by DRYDOCK_HOME" : there
  }

  /// Where there is no room for a server's data, and it is not known where that lies.
  package static let ofServer =
    "free some space on the disk of its data: that of DRYDOCK_HOME, or where \(docker(nil))"

  /// Where a Docker engine has no room.
  /// - Parameter folder: Where the engine keeps its data; nil where it does not say.
  package static func inDocker(_ folder: String?) -> String {
    "free some space where \(docker(folder))"
  }

  private static func docker(_ folder: String?) -> String {
    "the Docker engine keeps its data\(folder.map { ", \($0)" } ?? ""): docker system df"
  }

  /// After an error number of the system's.
  package static func elsewhere(after error: Int32) -> String {
    [EACCES, EPERM, EROFS].contains(error)
      ? "name a folder that is yours to write, on a local disk, by DRYDOCK_HOME" : elsewhere
  }

  /// Whether an engine or its tool failed for want of space, inodes or quota.
  ///
  /// They say so in strerror's words, in English, since they run without the user's locale; Go, and so Docker, in small
  /// letters. The MySQL family says the number instead, of ENOSPC or EDQUOT (`error 28`, `Errcode: 28`,
  /// `error number 28`), or that a table is full (ER_RECORD_FILE_FULL, HA_ERR_RECORD_FILE_FULL).
  package static func saysDiskIsFull(_ text: String) -> Bool {
    let text = text.lowercased()
    return [
      "no space left on device", "disk quota exceeded", "disk is full", "disk full",
      "out of disk space",
    ].contains {
      text.contains($0)
    } || text.contains(/(?:errcode|errno|error(?: number| no\.?| code)?)[:=]? ?"?(?:28|122|135)\b/)
      || text.contains(/the table '[^']*' is full/)
  }
}
