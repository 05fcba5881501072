package import AppState
import ConvoxManifest
import DrydockBase
import Essentials
package import Planning

/// Where a throw-away instance's data lies, and why.
package struct ThrowAwayPlace: Sendable, Hashable {
  /// The folder in which the instance's own is made.
  package var folder: String
  /// In a few words for a person.
  package var reason: String

  /// What stays free in memory for everything else, in bytes.
  static let reserve: UInt64 = 512 << 20

  /// Chooses memory where there is room for these resources, else the disk.
  package static func choose(_ home: StateHome, for specs: [ResourceSpec]) -> ThrowAwayPlace {
    let folders = home.throwAwayFolders
    let shared = folders.memory.flatMap { room(in: URL(filePath: $0).deletingLastPathComponent().path) }
    let needed = specs.filter { $0.externalURL == nil }.reduce(0) { $0 + need(of: $1) }
    return decide(
      memory: folders.memory, disk: folders.disk, shared: shared, available: availableMemory(), needed: needed
    )
  }

  /// The same, of what was found.
  /// - Parameters:
  ///   - shared: How much room is in the file system in memory; nil without one.
  ///   - available: How much memory there is for more programs; nil where the system does not say.
  static func decide(memory: String?, disk: String, shared: UInt64?, available: UInt64?, needed: UInt64)
    -> ThrowAwayPlace
  {
    func megabytes(_ bytes: UInt64) -> String { "\(bytes >> 20) MB" }
    guard let memory, let shared else {
      return ThrowAwayPlace(folder: disk, reason: "on disk: there is no file system in memory")
    }
    // Where nothing is said, the file system's own bound is all that there is.
    let room = min(shared, available ?? shared)
    guard room >= needed + reserve else {
      return ThrowAwayPlace(
        folder: disk,
        reason:
          "on disk: of memory \(megabytes(room)) are free, and \(megabytes(needed + reserve)) are wanted")
    }
    return ThrowAwayPlace(folder: memory, reason: "in memory: \(megabytes(room)) are free")
  }

  /// About how much a server of that type writes while tests run.
  private static func need(of spec: ResourceSpec) -> UInt64 {
    switch spec.engine.resourceType.name {
    case "mysql", "mariadb": 384 << 20
    case "postgres": 256 << 20
    default: 16 << 20
    }
  }

  /// The room in a file system in memory; nil where the folder is in none.
  private static func room(in folder: String) -> UInt64? {
    #if os(Linux)
      let mounts = KernelFile.text("/proc/self/mounts") ?? ""
      // The last one mounted at a place is the one that is seen.
      let mount = mounts.split(separator: "\n").map { $0.split(separator: " ") }.last {
        $0.count > 2 && $0[1] == folder
      }
      var info = statvfs()
      guard mount?[2] == "tmpfs", access(folder, W_OK) == 0, statvfs(folder, &info) == 0 else { return nil }
      return UInt64(info.f_bavail) * UInt64(info.f_frsize)
    #else
      return nil
    #endif
  }

  private static func availableMemory() -> UInt64? {
    guard let text = KernelFile.text("/proc/meminfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
    else { return nil }
    return kilobytes << 10
  }
}
