#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How large a terminal's screen is, in character cells.
package struct TerminalSize: Sendable, Hashable {
  /// The width.
  package var columns: Int
  /// The height.
  package var rows: Int

  /// A size in character cells.
  package init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }

  /// The size of the terminal behind a descriptor now; 80 by 24 where there is none or it does not know.
  package static func current(of descriptor: Int32) -> TerminalSize {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return TerminalSize(columns: 80, rows: 24)
    }
    return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }
}

/// What may be written to a stream.
package struct TerminalTraits: Sendable, Hashable {
  /// Whether the cursor can be moved.
  package var terminal: Bool
  /// Whether colours are wanted.
  package var colour: Bool

  /// Works out the traits of a stream. A `TERM` that is `dumb` or missing allows neither; any non-empty
  /// `NO_COLOR` forbids colours (no-color.org).
  package init(isTerminal: Bool, environment: [String: String]) {
    let name = environment["TERM"] ?? ""
    terminal = isTerminal && name != "dumb" && !name.isEmpty
    colour = terminal && (environment["NO_COLOR"] ?? "").isEmpty
  }

  /// The traits of the stream behind a descriptor.
  package init(descriptor: Int32, environment: [String: String]) {
    self.init(isTerminal: isatty(descriptor) == 1, environment: environment)
  }
}

/// Writes all of a text to a descriptor, waiting where it is full. A reader that is gone is none of progress's
/// business: the rest is dropped.
func writeAll(_ text: String, to descriptor: Int32) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      rest.removeFirst(count)
    } else if count < 0, errno == EAGAIN {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&waiting, 1, 1000)
    } else if count == 0 || errno != EINTR {
      return
    }
  }
}
