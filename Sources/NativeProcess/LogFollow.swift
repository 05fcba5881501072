import DrydockBase
import SystemPackage

/// The lines of a program's log as they are written, for as long as the caller listens.
///
/// A log that is moved aside is read to its end, then the new one from its beginning; one that does not exist yet is
/// waited for. The stream ends when the listening task is cancelled.
/// - Parameters:
///   - logFile: the log's path.
///   - backlog: how many lines of what is there already come first.
package func follow(logFile: String, backlog: Int = 0) -> AsyncStream<String> {
  let follower = LogFollower(path: logFile, backlog: backlog)
  return AsyncStream { await follower.next() }
}

/// Where a listener stands in a log. Each `next` is one pull of the stream, so nothing runs while nobody listens.
private actor LogFollower {
  private let path: String
  private var file: FileDescriptor?
  private var inode: UInt64 = 0
  private var assembler = LineAssembler()
  private var ready: [String] = []
  private var started = false
  private let backlog: Int

  init(path: String, backlog: Int) {
    self.path = path
    self.backlog = backlog
  }

  deinit { try? file?.close() }

  func next() async -> String? {
    if !started { start() }
    while ready.isEmpty {
      if Task.isCancelled { return close() }
      if !readMore(), !moveOn() {
        try? await Task.sleep(for: .milliseconds(50), clock: SuspendingClock())
      }
    }
    // `ready` is in reverse, so that the next line comes off its end.
    return ready.popLast()
  }

  /// Stands at the end of what is there, after the backlog.
  private func start() {
    started = true
    guard open(), let file else { return }
    var end = LogEnd(of: file)
    // Only a file that is not the one just read: it may have been moved aside in between.
    if inodeNumber(ofPath: path + ".1") != inode { end.precede(byFile: path + ".1", wanting: backlog) }
    _ = assembler.take(end.rest)
    ready = end.lines.suffix(backlog).reversed()
  }

  private func open() -> Bool {
    guard let opened = openLog(path) else { return false }
    try? file?.close()
    file = opened
    inode = inodeNumber(of: opened) ?? 0
    return true
  }

  /// Whether there was something new to read.
  private func readMore() -> Bool {
    guard let file, let bytes = readToEnd(of: file.rawValue, limit: 64 * 1024), !bytes.isEmpty else {
      return false
    }
    ready = assembler.take(bytes).reversed()
    return true
  }

  /// Opens the file that is now at the path, when it is not the one that was read to its end.
  private func moveOn() -> Bool {
    guard let current = inodeNumber(ofPath: path), file == nil || current != inode else {
      return rewindIfCut()
    }
    // What was written between the last read and the move would be lost without one more look.
    return readMore() || open()
  }

  /// A log that could not be moved aside was emptied in place.
  private func rewindIfCut() -> Bool {
    guard let file, let size = try? fileSize(of: file), let at = try? file.seek(offset: 0, from: .current),
      size < at
    else { return false }
    assembler = LineAssembler()
    _ = try? file.seek(offset: 0, from: .start)
    return true
  }

  private func close() -> String? {
    try? file?.close()
    file = nil
    return nil
  }
}
