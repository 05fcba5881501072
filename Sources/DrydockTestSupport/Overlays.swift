import DrydockBase
import Foundation

#if os(Linux)
  /// Overlays over frozen directories, as throw-away instances have them.
  package enum Overlays {
    /// Whether this system lets this user have one: tried by the built keeper's own means would be no proof, so by those of
    /// the system.
    package static let areAllowed: Bool = {
      let script = """
        set -e; d=$(mktemp -d); trap 'rmdir "$d"' EXIT
        mount -t tmpfs tmpfs "$d"; mkdir "$d/l" "$d/u" "$d/w"
        mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w,userxattr,volatile" "$d"
        umount "$d"; umount "$d"
        """
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      let user = geteuid() == 0 ? [] : ["--user", "--map-current-user", "--keep-caps"]
      process.arguments = ["unshare"] + user + ["--mount", "sh", "-c", script]
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }()

    /// The processes that see something mounted in a folder.
    package static func mounts(in folder: String) -> [String] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      // Spaces and what is beyond ASCII are written otherwise there; the last part has a name of its own.
      let mark = folder.split(whereSeparator: { " /".contains($0) }).last.map(String.init) ?? folder
      return names.filter { name in
        Int32(name) != nil
          && KernelFile.text("/proc/\(name)/mountinfo")?.contains(mark) == true
      }
    }
  }
#endif
