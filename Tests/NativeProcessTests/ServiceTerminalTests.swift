import DrydockBase
import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if os(Linux)
  @Suite("Terminals of services")
  struct ServiceTerminalTests {
    private static let traits = ServiceTraits(terminal: TerminalSize(columns: 81, rows: 23))

    /// Reads until a text has come.
    private func read(_ attachment: TerminalAttachment, until text: String) async throws -> String {
      try await withDeadline(.after(.seconds(30)), text) {
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains(text) {
          guard let more = try await attachment.read() else { break }
          bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
      }
    }

    @Test func whoComesSeesAndTypes() async throws {
      try await withScratch { scratch in
        let script = """
          stty size; printf 'name: '; read name; echo "hello $name"; trap 'stty size; exit 4' WINCH
          echo waiting; while :; do sleep 0.05; done
          """
        try await scratch.start(scratch.service(script, Self.traits))
        try await eventually("the first line") { scratch.texts() == ["23 81"] }
        let first = try TerminalAttachment(to: scratch.service)
        let second = try TerminalAttachment(to: scratch.service)
        // What stands in the line that has not ended comes first.
        #expect(try await read(first, until: "name: ") == "name: ")
        #expect(try await read(second, until: "name: ") == "name: ")
        #expect(try await first.write(Array("Ada\n".utf8)))
        for attachment in [first, second] {
          #expect(try await read(attachment, until: "waiting\r\n").contains("hello Ada\r\n"))
        }
        #expect(try await second.resize(to: TerminalSize(columns: 100, rows: 40)))
        #expect(try await read(first, until: "40 100").contains("40 100"))
        #expect(try await waitForEnd(of: scratch.service, until: .after(.seconds(30))) == .code(4))
        #expect(try await read(second, until: "never").contains("40 100"))
        // The log has lines, without the terminal's carriage returns.
        #expect(
          scratch.lines().map { String(decoding: $0.bytes, as: UTF8.self) }
            == ["23 81", "name: Ada", "hello Ada", "waiting", "40 100"])
      }
    }

    @Test func itIsTheServicesOwn() async throws {
      try await withScratch { scratch in
        let script = "exec < /dev/tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ]; echo tty $?; read -r line; echo no"
        try await scratch.start(scratch.service(script, Self.traits))
        try await eventually("the terminal") { scratch.texts() == ["tty 0"] }
        let attachment = try TerminalAttachment(to: scratch.service)
        // Ctrl-C is a signal there.
        #expect(try await attachment.write([3]))
        #expect(try await waitForEnd(of: scratch.service, until: .after(.seconds(30))) == .signal(2))
      }
    }

    @Test func aClientThatDoesNotReadHoldsNothingUpForLong() async throws {
      try await withScratch { scratch in
        let script =
          "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo a line that takes some room $i; done; sleep 1000"
        let slow: TerminalAttachment
        try await scratch.start(scratch.service("read -r go; \(script)", Self.traits))
        slow = try TerminalAttachment(to: scratch.service)
        #expect(try await slow.write(Array("go\n".utf8)))
        try await eventually("the last line") { scratch.texts().last == "a line that takes some room 20000" }
        #expect(scratch.texts().count == 20_001)
        withExtendedLifetime(slow) {}
      }
    }

    @Test func withoutATerminalNobodyComes() async throws {
      try await withScratch { scratch in
        try await scratch.start(scratch.service("sleep 1000"))
        let code = await code { try TerminalAttachment(to: scratch.service) }
        #expect(code == .fileUnusable(2))
      }
    }
  }
#endif
