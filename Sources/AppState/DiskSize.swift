import Essentials

/// What files take on the disk.
package enum DiskSize {
  /// What a file, or a folder with all in it, takes, in bytes. No link is followed, and what is not readable counts nothing.
  package static func of(_ path: String) -> Int64 {
    var total: Int64 = 0
    let below = FileManager.default.readableSubpaths(of: path)
    for name in [""] + below {
      var info = stat()
      if lstat(name.isEmpty ? path : "\(path)/\(name)", &info) == 0 { total += Int64(info.st_blocks) * 512 }
    }
    return total
  }
}
