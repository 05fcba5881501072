import CProcessDescriptor
import Essentials
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the system says about processes: proc(5) on Linux.
enum ProcessTable {
  struct Entry: Sendable, Hashable {
    let pid: Int32
    let name: String
    let isZombie: Bool
    let processGroup: Int32
    let session: Int32
    let start: UInt64

    /// Whether a process that has to do with a program is one of its user's, or the keeper, and so to be ended with it.
    func isSupervised(user: uid_t?) -> Bool {
      let owner = ProcessTable.realUser(pid)
      return owner != nil && owner == user || owner == geteuid() && name == "drydock-keeper"
    }
  }

  #if os(Linux)
    /// A number that differs from one boot to the next; empty where the system has none.
    static var bootID: String {
      (readSmallText("/proc/sys/kernel/random/boot_id") ?? "").trimmed()
    }

    /// One process; nil when there is none of that number.
    static func entry(_ pid: Int32) -> Entry? {
      guard let text = readSmallText("/proc/\(pid)/stat")?.unicodeScalars,
        let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
      else { return nil }
      // From the third field on; the name before may hold spaces and parentheses itself.
      let fields = String(text[text.index(after: close)...]).split(separator: " ")
      guard fields.count > 19, let group = Int32(fields[2]), let session = Int32(fields[3]),
        let start = UInt64(fields[19])
      else { return nil }
      return Entry(
        pid: pid, name: String(text[text.index(after: open)..<close]),
        isZombie: fields[0] == "Z" || fields[0] == "X", processGroup: group, session: session, start: start)
    }

    /// The numbers of all processes that can be seen.
    static func pids() -> [Int32] {
      names(in: "/proc").compactMap { Int32($0) }
    }

    /// The processes that keep a file locked: those with a descriptor of it that carries an exclusive `flock`. By the
    /// file itself, as its path may have another by now.
    ///
    /// Descriptors of other users' processes can be seen by root only.
    static func lockHolders(_ path: String) -> [Int32] {
      var info = stat()
      guard lstat(path, &info) == 0 else { return [] }
      return pids().filter { pid in
        pid != getpid() && names(in: "/proc/\(pid)/fd").contains { holdsLock(pid, descriptor: $0, info) }
      }
    }

    /// Whether the system shows that a process keeps a file locked exclusively.
    static func isHolder(_ pid: Int32, of path: String) -> Bool {
      var info = stat()
      return lstat(path, &info) == 0
        && names(in: "/proc/\(pid)/fd").contains { holdsLock(pid, descriptor: $0, info) }
    }

    private static func holdsLock(_ pid: Int32, descriptor: String, _ file: stat) -> Bool {
      guard let text = readSmallText("/proc/\(pid)/fdinfo/\(descriptor)"),
        text.split(separator: "\n").contains(where: {
          $0.hasPrefix("lock:") && $0.contains("FLOCK") && $0.contains("WRITE")
        })
      else { return false }
      var info = stat()
      return stat("/proc/\(pid)/fd/\(descriptor)", &info) == 0 && info.st_ino == file.st_ino
        && info.st_dev == file.st_dev
    }

    /// The user who started a process, whatever rights it has got since; nil when there is none of that number.
    static func realUser(_ pid: Int32) -> uid_t? {
      let line = readSmallText("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix("Uid:") }
      return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { uid_t($0) }
    }

    /// Whether a process's current folder is this one or lies in it; false where that cannot be seen.
    static func works(_ pid: Int32, in folder: String) -> Bool {
      var place = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      guard drydock_process_folder(pid, &place, place.count) > 0, let real = realpath(folder, nil) else {
        return false
      }
      defer { free(real) }
      let length = strlen(real)
      return strncmp(real, place, length) == 0 && [0, 0x2f].contains(place[length])
    }

    /// Where a symbolic link points; nil when it cannot be read.
    static func linkTarget(_ path: String) -> String? {
      try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    static func names(in folder: String) -> [String] {
      FileManager.default.readableNames(in: folder)
    }
  #else
    static var bootID: String {
      var size = 64
      var buffer = [CChar](repeating: 0, count: size)
      guard sysctlbyname("kern.bootsessionuuid", &buffer, &size, nil, 0) == 0 else { return "" }
      return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    static func entry(_ pid: Int32) -> Entry? {
      var info = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.stride
      var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
      guard sysctl(&name, 4, &info, &size, nil, 0) == 0, size > 0 else { return nil }
      let time = info.kp_proc.p_starttime
      return Entry(
        pid: pid, name: "", isZombie: info.kp_proc.p_stat == SZOMB, processGroup: info.kp_eproc.e_pgid,
        session: getsid(pid), start: UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_usec))
    }

    static func pids() -> [Int32] {
      var pids = [Int32](repeating: 0, count: 8192)
      let bytes = proc_listallpids(&pids, Int32(pids.count * MemoryLayout<Int32>.size))
      return Array(pids.prefix(max(0, Int(bytes))))
    }

    static func lockHolders(_ path: String) -> [Int32] { [] }

    static func isHolder(_ pid: Int32, of path: String) -> Bool { false }

    /// The system does not say; the record's word is taken.
    static func works(_ pid: Int32, in folder: String) -> Bool { true }

    static func realUser(_ pid: Int32) -> uid_t? {
      var info = kinfo_proc()
      var size = MemoryLayout<kinfo_proc>.stride
      var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, pid]
      guard sysctl(&name, 4, &info, &size, nil, 0) == 0, size > 0 else { return nil }
      return info.kp_eproc.e_pcred.p_ruid
    }
  #endif

  /// The living processes of a session, its leader included.
  static func members(ofSession session: Int32) -> [Entry] {
    pids().compactMap(entry).filter { $0.session == session && !$0.isZombie }
  }
}
