import DrydockBase
import MonotonicTime
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A terminal without a screen: what a command writes to it is read here, and what is written here it reads.
final class PseudoTerminal: Sendable {
  private let ours: Int32
  /// The command's side, which whoever starts the command closes.
  private let theirs: Int32
  /// The path of the command's side.
  let path: String

  init() throws(NativeProcessError) {
    var (ends, name): ((Int32, Int32), [CChar]) = ((-1, -1), Array(repeating: 0, count: 1024))
    guard openpty(&ends.0, &ends.1, &name, nil, nil) == 0 else {
      throw NativeProcessError(
        .cannotFork(errno), "cannot make a terminal: \(String(cString: strerror(errno)))")
    }
    for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends.0, F_SETFL, fcntl(ends.0, F_GETFL) | O_NONBLOCK)
    ours = ends.0
    theirs = ends.1
    path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { close(ours) }

  /// The command's side, several times; to be asked for once. Whoever starts the command closes them.
  func sides(_ count: Int) -> [FileDescriptor] {
    (0..<count).map { index in
      FileDescriptor(rawValue: index == 0 ? theirs : fcntl(theirs, F_DUPFD_CLOEXEC, 3))
    }
  }

  /// Tells the command how large the terminal is now.
  func resize(to wanted: TerminalSize) {
    var size = winsize(
      ws_row: UInt16(clamping: wanted.rows), ws_col: UInt16(clamping: wanted.columns),
      ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(ours, UInt(TIOCSWINSZ), &size)
  }

  /// Types bytes.
  /// - Returns: Whether somebody is there to read them.
  func write(_ bytes: [UInt8]) async throws -> Bool {
    try await NonblockingDescriptor.write(bytes, to: ours, until: .never, "a terminal") {
      systemWrite(ours, $0.baseAddress, $0.count)
    } == 0
  }

  /// The next bytes that were written to the terminal; nil once nobody has it open any more.
  func read() async throws -> [UInt8]? {
    let input = try await NonblockingDescriptor.read(
      from: ours, room: 1 << 14, until: .never, "a terminal"
    ) { systemRead(ours, $0.baseAddress, $0.count) }
    // EIO is how the end of a terminal looks.
    if case .bytes(let bytes) = input { return bytes }
    return nil
  }
}

/// The calls whose names the type's methods take.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, buffer, count)
}
