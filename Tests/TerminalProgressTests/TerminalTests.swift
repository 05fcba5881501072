import DrydockBase
import Foundation
import Testing

@testable import TerminalProgress

/// A real terminal: what is written to `slave` is read from `master`.
private func withTerminal(
  columns: UInt16, rows: UInt16, _ body: (_ master: Int32, _ slave: Int32) throws -> Void
) throws {
  var (master, slave) = (Int32(-1), Int32(-1))
  var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
  try #require(openpty(&master, &slave, nil, nil, &size) == 0)
  defer {
    close(master)
    close(slave)
  }
  try body(master, slave)
}

/// What comes out of a terminal until the screen shows these lines; a terminal passes text on in pieces.
private func screen(_ size: TerminalSize, from master: Int32, until lines: [String]) -> Screen {
  var screen = Screen(columns: size.columns, rows: size.rows)
  var waiting = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
  var buffer = [UInt8](repeating: 0, count: 65_536)
  var received: [UInt8] = []
  while screen.text != lines || !screen.cursorVisible, poll(&waiting, 1, 10_000) > 0 {
    let count = read(master, &buffer, buffer.count)
    guard count > 0 else { break }
    received += buffer[..<count]
    screen = Screen(columns: size.columns, rows: size.rows)
    screen.feed(String(decoding: received, as: UTF8.self))
  }
  return screen
}

@Suite struct TerminalTests {
  @Test func aTerminalIsKnownByItsSize() throws {
    try withTerminal(columns: 33, rows: 7) { _, slave in
      #expect(TerminalSize.current(of: slave) == TerminalSize(columns: 33, rows: 7))
      #expect(TerminalTraits(descriptor: slave, environment: ["TERM": "xterm"]).terminal)
      #expect(!TerminalTraits(descriptor: slave, environment: ["TERM": "dumb"]).terminal)
    }
  }

  @Test func aTerminalIsDrawnOn() throws {
    try withTerminal(columns: 20, rows: 7) { master, slave in
      let reporter = ProgressReporter(descriptor: slave, environment: ["TERM": "xterm", "NO_COLOR": "1"])
      reporter.update("mydb", "postgres  starting up")
      reporter.finish("mydb", "ready", success: true)
      reporter.close()
      let size = TerminalSize(columns: 20, rows: 7)
      let screen = screen(size, from: master, until: ["mydb  ready"])
      #expect(screen.text == ["mydb  ready"])
      #expect(screen.complaints.isEmpty)
    }
  }

  @Test func aPipeGetsPlainLines() throws {
    let pipe = Pipe()
    let reporter = ProgressReporter(
      descriptor: pipe.fileHandleForWriting.fileDescriptor, environment: ["TERM": "xterm"])
    reporter.update("mydb", "starting")
    reporter.finish("mydb", "ready", success: true)
    reporter.close()
    try pipe.fileHandleForWriting.close()
    let output = try #require(try pipe.fileHandleForReading.readToEnd())
    #expect(String(decoding: output, as: UTF8.self) == "mydb  starting\nmydb  ready\n")
    #expect(TerminalSize.current(of: -1) == TerminalSize(columns: 80, rows: 24))
  }
}
