#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

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
