import DrydockBase
import LocalFiles

#if os(Linux)
  #if canImport(Musl)
    import Musl
  #else
    import Glibc
  #endif

  /// The kernel's own word on what changes in folders (inotify).
  final class FolderEvents: Sendable {
    /// What came.
    struct Batch {
      /// Folders by their watches, and names in them.
      var names: [(watch: Int32, name: String)] = []
      /// The watches of folders that are gone for good.
      var ended: [Int32] = []
      /// Whether some were lost.
      var hasLost = false
    }

    /// To be waited for, and read without waiting.
    let descriptor: Int32

    /// Whether the system tells of changes at all.
    static let areThere = true

    private static let wanted =
      UInt32(IN_CREATE) | UInt32(IN_DELETE) | UInt32(IN_MODIFY) | UInt32(IN_ATTRIB) | UInt32(IN_MOVED_FROM)
      | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR.magnitude)
      | UInt32(IN_EXCL_UNLINK.magnitude)

    init() throws {
      descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
      if descriptor < 0 { throw WatchLimit.error(errno) }
    }

    deinit { close(descriptor) }

    /// Begins to watch a folder; the same number comes for the same folder.
    /// - Throws: `DrydockError` where the system watches no more.
    func add(_ folder: DirectoryDescriptor) throws -> Int32 {
      // By its descriptor: behind a path something else may lie by now.
      let watch = inotify_add_watch(descriptor, "/proc/self/fd/\(folder.descriptor)", Self.wanted)
      guard watch >= 0 else { throw WatchLimit.error(errno) }
      return watch
    }

    func remove(_ watch: Int32) { inotify_rm_watch(descriptor, watch) }

    /// What has come by now.
    func take() -> Batch {
      var batch = Batch()
      withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { buffer in
        while true {
          let count = restarting { systemRead(descriptor, buffer) }
          guard count > 0 else { return }
          Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &batch)
        }
      }
      return batch
    }

    private static func parse(_ bytes: UnsafeRawBufferPointer, into batch: inout Batch) {
      let head = MemoryLayout<inotify_event>.size
      var place = 0
      while place + head <= bytes.count {
        let event = bytes.loadUnaligned(fromByteOffset: place, as: inotify_event.self)
        let name = bytes[(place + head)..<min(bytes.count, place + head + Int(event.len))].prefix { $0 != 0 }
        place += head + Int(event.len)
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
          batch.hasLost = true
        } else if event.mask & UInt32(IN_IGNORED) != 0 {
          batch.ended.append(event.wd)
        } else {
          batch.names.append((event.wd, String(decoding: name, as: UTF8.self)))
        }
      }
    }
  }

  /// The system's call, which the type's own names would hide.
  private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
  }
#else
  /// No events here: the tree is looked at again and again.
  final class FolderEvents: Sendable {
    struct Batch {
      var names: [(watch: Int32, name: String)] = []
      var ended: [Int32] = []
      var hasLost = true
    }

    let descriptor: Int32 = -1
    static let areThere = false

    init() throws {}
    func add(_ folder: DirectoryDescriptor) throws -> Int32 { 0 }
    func remove(_ watch: Int32) {}
    func take() -> Batch { Batch() }
  }
#endif
