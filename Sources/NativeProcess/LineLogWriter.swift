import DrydockBase
import LocalFiles
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a line log: the whole of one that has no keeper, such as a container's, or a supervisor's events into one that
/// has.
///
/// A record is one write at the end of the file, so that two writers never mix. What cannot be written is counted, and
/// that is told in the log as soon as something can be.
package final class LineLogWriter: Sendable {
  /// The longest piece of a line, in bytes.
  static let pieceLimit = 16 << 10

  private struct State {
    var file: FileDescriptor?
    var lost = 0
  }

  private let path: String
  private let limit: Int?
  private let state = Mutex(State())

  /// A writer of a log that nobody else moves aside.
  /// - Parameter limit: At how many bytes it is moved to `.1`; nil where somebody else does so.
  package init(path: String, limit: Int? = ServiceTraits.logLimit) {
    self.path = path
    self.limit = limit
  }

  deinit { try? state.withLock { $0.file }?.close() }

  /// Appends a line.
  package func write(_ bytes: some Collection<UInt8>, stream: LogLine.Stream, at time: LogTime = .now) {
    write([LogLine(time: time, stream: stream, bytes: Array(bytes))])
  }

  /// Appends something that is no word of the service's.
  package func event(_ text: String) { write(Array(text.utf8), stream: .event) }

  /// Appends lines at once.
  package func write(_ lines: [LogLine]) {
    state.withLock { state in
      var records: [UInt8] = []
      if state.lost > 0 { records += record(.now, .event, Array("\(state.lost) lines were lost".utf8)[...]) }
      for line in lines { append(line, to: &records) }
      let written = append(records, &state)
      state.lost = written ? 0 : state.lost + lines.count
    }
  }

  private func append(_ line: LogLine, to records: inout [UInt8]) {
    // An event may have been put together of anything.
    for part in line.bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      var rest = part
      while rest.count > Self.pieceLimit, line.stream != .event {
        records += record(line.time, line.stream, rest.prefix(Self.pieceLimit), goesOn: true)
        rest = rest.dropFirst(Self.pieceLimit)
      }
      records += record(line.time, line.stream, rest.prefix(Self.pieceLimit))
    }
  }

  private func record(
    _ time: LogTime, _ stream: LogLine.Stream, _ bytes: ArraySlice<UInt8>, goesOn: Bool = false
  ) -> [UInt8] {
    let letter = goesOn ? stream.rawValue.uppercased() : stream.rawValue
    return Array("\(time.nanoseconds) \(letter) ".utf8) + bytes + [0x0a]
  }

  private func append(_ records: [UInt8], _ state: inout State) -> Bool {
    guard let file = prepare(records.count, &state), let before = try? fileSize(of: file) else {
      return false
    }
    if writeAll(records, to: file.rawValue) == 0 { return true }
    // A record that was cut would spoil the next one.
    if limit != nil { ftruncate(file.rawValue, off_t(before)) }
    return false
  }

  /// The file that is at the path now, with room for as many bytes.
  private func prepare(_ count: Int, _ state: inout State) -> FileDescriptor? {
    if let file = state.file, inodeNumber(of: file) != inodeNumber(ofPath: path) {
      try? file.close()
      state.file = nil
    }
    if state.file == nil { state.file = open() }
    guard let limit, let file = state.file, let size = try? fileSize(of: file), size > 0,
      Int(size) + count > limit, rename(path, path + ".1") == 0
    else { return state.file }
    try? file.close()
    state.file = open()
    return state.file
  }

  private func open() -> FileDescriptor? {
    guard let slash = path.lastIndex(of: "/"),
      let folder = try? DirectoryDescriptor(String(path[..<slash]), followingLink: geteuid() != 0)
    else { return nil }
    return try? folder.appending(String(path[path.index(after: slash)...]))
  }
}
