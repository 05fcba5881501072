import SystemPackage

/// The last lines of an engine's log, oldest first.
///
/// Lines of the file that was moved aside (`.1`) fill up what the newer one does not have. Bytes that are not UTF-8
/// are replaced; at most a megabyte of each file is looked at. A missing log has no lines.
public func tail(logFile: String, lines count: Int) -> [String] {
  guard count > 0 else { return [] }
  var lines = lastLines(of: logFile, count)
  if lines.count < count {
    lines = lastLines(of: logFile + ".1", count - lines.count) + lines
  }
  return lines
}

private let window = 1 << 20

private func lastLines(of path: String, _ count: Int) -> [String] {
  guard let file = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else { return [] }
  defer { try? file.close() }
  let (lines, rest) = lastLines(of: file)
  return (lines + (rest.isEmpty ? [] : [text(ofLine: rest)])).suffix(count)
}

/// The lines at the end of an open file, and what follows the last line break; leaves the descriptor at the end of
/// what was read.
func lastLines(of file: FileDescriptor) -> (lines: [String], rest: [UInt8]) {
  guard let size = try? file.seek(offset: 0, from: .end),
    (try? file.seek(offset: max(0, size - Int64(window)), from: .start)) != nil,
    let bytes = try? readToEnd(file, limit: window)
  else { return ([], []) }
  let pieces = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
  return (pieces.dropLast().map { text(ofLine: $0) }, Array(pieces.last ?? []))
}

/// A line as text, without the carriage return that some tools write.
func text(ofLine bytes: some BidirectionalCollection<UInt8>) -> String {
  String(decoding: bytes.last == UInt8(ascii: "\r") ? Array(bytes.dropLast()) : Array(bytes), as: UTF8.self)
}
