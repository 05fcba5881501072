import DrydockBase
import LocalFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The last lines of a program's log, oldest first.
///
/// Lines of the file that was moved aside (`.1`) fill up what the newer one does not have; a line that the move cut
/// in two is whole again. Bytes that are not UTF-8 are replaced; at most a megabyte of each file is looked at. A
/// missing log has no lines.
package func tail(logFile: String, lines count: Int) -> [String] {
  guard count > 0 else { return [] }
  let end = LogEnd(ofLog: logFile, wanting: count)
  return (end.lines + (end.rest.isEmpty ? [] : [text(ofLine: end.rest)])).suffix(count)
}

/// What stands at the end of a log.
struct LogEnd {
  /// How much of a file is looked at, in bytes.
  private static let window = 1 << 20

  private var bytes: [UInt8]
  /// Whether the bytes begin where the file does.
  private let isWhole: Bool

  /// The end of an open file; leaves the descriptor at the end of what was read.
  init(of file: FileDescriptor) {
    guard let size = try? file.seek(offset: 0, from: .end),
      (try? file.seek(offset: max(0, size - Int64(Self.window)), from: .start)) != nil,
      let bytes = readToEnd(of: file.rawValue, limit: Self.window)
    else {
      self.init(bytes: [], isWhole: true)
      return
    }
    self.init(bytes: bytes, isWhole: size <= Self.window)
  }

  private init(bytes: [UInt8], isWhole: Bool) {
    self.bytes = bytes
    self.isWhole = isWhole
  }

  /// The end of a log, with what was moved aside as far as that is needed.
  init(ofLog path: String, wanting count: Int) {
    self.init(ofFile: path)
    precede(byFile: path + ".1", wanting: count)
  }

  private init(ofFile path: String) {
    guard let file = openLog(path) else {
      self.init(bytes: [], isWhole: true)
      return
    }
    defer { try? file.close() }
    self.init(of: file)
  }

  /// Puts an older file before this one, unless there are more than the wanted lines already: the first of them may
  /// have begun in the older file, which is moved aside whatever was written last.
  mutating func precede(byFile path: String, wanting count: Int) {
    guard isWhole, bytes.count(where: { $0 == newline }) <= count else { return }
    bytes = LogEnd(ofFile: path).bytes + bytes
  }

  /// The lines that have ended.
  var lines: [String] { pieces.dropLast().map { text(ofLine: $0) } }

  /// What follows the last line break.
  var rest: [UInt8] { Array(pieces.last ?? []) }

  private var pieces: [ArraySlice<UInt8>] {
    bytes.split(separator: newline, omittingEmptySubsequences: false)
  }
}

private let newline = UInt8(ascii: "\n")

/// A line as text, without the carriage return that some tools write.
func text(ofLine bytes: some BidirectionalCollection<UInt8>) -> String {
  String(decoding: bytes.last == UInt8(ascii: "\r") ? Array(bytes.dropLast()) : Array(bytes), as: UTF8.self)
}

/// Opens a log; nil where there is none. Neither it nor its folder may be a link that somebody put there for root.
func openLog(_ path: String) -> FileDescriptor? {
  let parts = path.splitExactly(at: "/", omittingEmpty: false)
  let (folder, name) = (parts.dropLast().joined(separator: "/"), parts.last)
  guard let name, let directory = try? DirectoryDescriptor(folder, followingLink: geteuid() != 0)
  else {
    return nil
  }
  return try? directory.file(name)
}
