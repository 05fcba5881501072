import SystemPackage

/// Reads one line log forwards, from one of its files to the next, also while it is written.
final class LineLogReader {
  private static let portion = 256 << 10

  private let path: String
  private var file: FileDescriptor?
  private var inode: UInt64 = 0
  private var offset: Int64 = 0
  private var parser: LineParser

  /// At the beginning of what there is, the file that was moved aside included; none need be there yet.
  /// - Parameter since: Which lines are wanted.
  init(path: String, since: LogTime) {
    self.path = path
    parser = LineParser(since: since)
    open(path + ".1")
    if file == nil { open(path) }
  }

  /// At the end, after so many lines, which are added to `lines`; a line that goes on then is still read whole.
  init(path: String, last count: Int, lines: inout [LogLine]) {
    self.path = path
    guard let ending = LineLogEnd(path: path, last: count) else {
      parser = LineParser()
      return
    }
    lines += ending.lines
    file = ending.file
    inode = ending.inode
    offset = ending.offset
    parser = ending.parser
  }

  deinit { try? file?.close() }

  /// The lines of the next portion, added to `lines`.
  /// - Returns: Whether anything was read: else this is the end for now.
  func read(into lines: inout [LogLine]) -> Bool {
    while true {
      if readPortion(into: &lines) { return true }
      guard moveOn() else { return false }
    }
  }

  private func readPortion(into lines: inout [LogLine]) -> Bool {
    guard let file else { return false }
    let count = withUnsafeTemporaryAllocation(byteCount: Self.portion, alignment: 16) { buffer in
      let count = (try? file.read(fromAbsoluteOffset: offset, into: buffer)) ?? 0
      parser.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &lines)
      return count
    }
    offset += Int64(count)
    return count > 0
  }

  /// Goes to the file behind the one that was read to its end. False where there is none.
  private func moveOn() -> Bool {
    guard file != nil else {
      open(path)
      return file != nil
    }
    guard let current = inodeNumber(ofPath: path), current != inode else { return rewindIfCut() }
    // What was written between the last read and the move.
    if let size = file.flatMap({ try? fileSize(of: $0) }), size > offset { return true }
    // Moved aside twice meanwhile: the one between is the older file now.
    let older = inodeNumber(ofPath: path + ".1")
    open(older == inode || older == nil ? path : path + ".1")
    return true
  }

  /// A log that could not be moved aside was emptied in place.
  private func rewindIfCut() -> Bool {
    guard let size = file.flatMap({ try? fileSize(of: $0) }), size < offset else { return false }
    offset = 0
    return size > 0
  }

  private func open(_ path: String) {
    guard let opened = openLog(path) else { return }
    try? file?.close()
    file = opened
    inode = inodeNumber(of: opened) ?? 0
    offset = 0
  }
}
