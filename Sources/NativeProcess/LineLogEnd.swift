import SystemPackage

/// The last lines of a line log, and where they end.
struct LineLogEnd {
  let lines: [LogLine]
  /// The newer file, which whoever takes this closes.
  let file: FileDescriptor
  let inode: UInt64
  /// Up to where it was read.
  let offset: Int64
  /// What has been begun there.
  let parser: LineParser

  /// Looks at as much of a log as it takes; nil where there is none.
  init?(path: String, last count: Int) {
    guard let files = LineLogFiles(path: path) else { return nil }
    var window = Int64(max(count, 1)) * 256
    while true {
      var lines: [LogLine] = []
      let isAll = window >= files.length
      var parser = LineParser(isCut: !isAll)
      files.read(last: window, parser: &parser, into: &lines)
      if !isAll { lines = Self.withoutCut(lines) }
      if isAll || lines.count >= count {
        self.lines = lines.suffix(count)
        self.parser = parser
        break
      }
      window *= 4
    }
    file = files.newer
    inode = inodeNumber(of: files.newer) ?? 0
    offset = files.size
    files.closeOlder()
  }

  /// The first line of each stream may have begun before.
  private static func withoutCut(_ lines: [LogLine]) -> [LogLine] {
    var seen: Set<LogLine.Stream> = [.event]
    return lines.filter { !seen.insert($0.stream).inserted }
  }
}

/// Both files of a log as they were at one moment.
private struct LineLogFiles {
  let newer: FileDescriptor
  private let older: FileDescriptor?
  let size: Int64
  private let olderSize: Int64
  /// Of both together.
  var length: Int64 { size + olderSize }

  init?(path: String) {
    while true {
      guard let newer = openLog(path) else { return nil }
      let older = openLog(path + ".1")
      // Moved aside between the two.
      if let older, inodeNumber(of: older) == inodeNumber(of: newer) {
        try? older.close()
        try? newer.close()
        continue
      }
      self.newer = newer
      self.older = older
      size = (try? fileSize(of: newer)) ?? 0
      olderSize = older.flatMap { try? fileSize(of: $0) } ?? 0
      return
    }
  }

  func closeOlder() { try? older?.close() }

  /// Reads the last bytes of both taken for one.
  func read(last wanted: Int64, parser: inout LineParser, into lines: inout [LogLine]) {
    let fromOlder = min(max(0, wanted - size), olderSize)
    if fromOlder > 0, let older {
      read(older, from: olderSize - fromOlder, to: olderSize, parser: &parser, into: &lines)
    }
    read(newer, from: max(0, size - wanted), to: size, parser: &parser, into: &lines)
  }

  private func read(
    _ file: FileDescriptor, from start: Int64, to end: Int64, parser: inout LineParser,
    into lines: inout [LogLine]
  ) {
    var offset = start
    while offset < end {
      let count = withUnsafeTemporaryAllocation(byteCount: Int(min(end - offset, 256 << 10)), alignment: 16) {
        buffer in
        let count = (try? file.read(fromAbsoluteOffset: offset, into: buffer)) ?? 0
        parser.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &lines)
        return count
      }
      if count == 0 { return }
      offset += Int64(count)
    }
  }
}
