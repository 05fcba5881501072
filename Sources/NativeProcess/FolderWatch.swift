import DrydockBase
import MonotonicTime
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Waits for changes of the files in some folders.
final class FolderWatch: Sendable {
  /// How often is looked where the system does not tell, or where it has no more watches to give.
  private static let pause = Duration.milliseconds(15)
  /// How often is looked all the same: for a folder that was not there yet, for a file system that tells nothing.
  private static let limit = Duration.seconds(1)

  private let descriptor: Int32
  private let watches = Mutex<[String: Int32]>([:])

  init() {
    #if os(Linux)
      descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    #else
      descriptor = -1
    #endif
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Watches these folders and no others.
  func set(_ folders: Set<String>) {
    #if os(Linux)
      watches.withLock { watches in
        for (folder, watch) in watches where !folders.contains(folder) {
          if watch >= 0 { inotify_rm_watch(descriptor, watch) }
          watches[folder] = nil
        }
        for folder in folders where (watches[folder] ?? -1) < 0 { watches[folder] = watch(folder) }
      }
    #endif
  }

  /// Returns at a change, at the latest after a second, or when the task is cancelled.
  func waitForChange() async {
    guard isWatching else {
      try? await Task.sleep(for: Self.pause, clock: SuspendingClock())
      return watchMissing()
    }
    try? await waitUntilReady(descriptor, for: .read, until: .after(Self.limit), "a change of a log")
    var events = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = restarting { read(descriptor, &events, events.count) }
      if count <= 0 { return }
      events.withUnsafeBytes { forgetRemoved(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }

  /// A folder that was removed, and may be made again, is looked for anew.
  private func forgetRemoved(_ events: UnsafeRawBufferPointer) {
    #if os(Linux)
      var at = 0
      while at + MemoryLayout<inotify_event>.size <= events.count {
        let event = events.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
        at += MemoryLayout<inotify_event>.size + Int(event.len)
        guard event.mask & UInt32(IN_IGNORED) != 0 else { continue }
        watches.withLock { watches in
          for (folder, watch) in watches where watch == event.wd { watches[folder] = -1 }
        }
      }
    #endif
  }

  private var isWatching: Bool {
    descriptor >= 0
      && watches.withLock { watches in !watches.isEmpty && watches.values.allSatisfy { $0 >= 0 } }
  }

  private func watchMissing() {
    #if os(Linux)
      watches.withLock { watches in
        for (folder, watch) in watches where watch < 0 { watches[folder] = self.watch(folder) }
      }
    #endif
  }

  #if os(Linux)
    private func watch(_ folder: String) -> Int32 {
      inotify_add_watch(descriptor, folder, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
    }
  #endif
}
