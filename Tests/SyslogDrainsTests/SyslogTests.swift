import Testing

@testable import NativeProcess
@testable import SyslogDrains

@Suite struct SyslogTests {
  private func line(_ text: String, _ name: String = "web.1", stream: LogLine.Stream = .output) -> NamedLine {
    NamedLine(
      name: name,
      line: LogLine(
        time: LogTime(nanoseconds: 1_769_860_800_123_456_789), stream: stream, bytes: Array(text.utf8)))
  }

  /// A line of `web.1`.
  private func message(_ text: String) -> SyslogMessage {
    SyslogMessage(line(text), app: "shop", service: "web")
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `a line is a message of RFC 5424, byte for byte`() {
    let message = self.message("hello\r")
    #expect(text(message.bytes) == "<14>1 2026-01-31T12:00:00.123456Z shop web web.1 - - hello")
    #expect(text(message.counted) == "58 " + text(message.bytes))
    #expect(message.bytes.count == 58)
  }

  @Test func `a timer's line, one on standard error, and names that no header may have`() {
    let timer = SyslogMessage(line("x", "tally.timer"), app: "shop", service: "tally")
    #expect(text(timer.bytes).hasSuffix("Z shop tally tally.timer - - x"))
    let failure = SyslogMessage(line("x", stream: .error), app: "my shop é", service: "web")
    #expect(text(failure.bytes).hasPrefix("<11>1 "))
    #expect(text(failure.bytes).contains(" my_shop___ web "))
    #expect(text(SyslogMessage(line("x"), app: "", service: "web").bytes).contains("Z - web "))
  }

  @Test func `a line that no datagram holds is cut`() {
    let message = self.message(String(repeating: "x", count: 100_000))
    #expect(message.bytes.count < 65_000)
  }

  @Test(arguments: [
    ("tcp://logs.example.com:514", DrainAddress.Way.tcp, "logs.example.com", UInt16(514)),
    ("udp://127.0.0.1:5514/", .udp, "127.0.0.1", 5514), ("tcp+tls://[::1]:6514", .tls, "::1", 6514),
  ])
  func `a drain's address`(_ url: String, _ way: DrainAddress.Way, _ host: String, _ port: UInt16) throws {
    let address = try #require(DrainAddress(url))
    #expect(address.way == way && address.host == host && address.port == port)
  }

  @Test(arguments: ["", "http://a:1", "tcp://a", "tcp://:1", "tcp://a:0", "tcp://a:99999"])
  func `no drain's address`(_ url: String) { #expect(DrainAddress(url) == nil) }

  @Test func `a full buffer keeps what it has, counts the rest, and tells of it once there is room`() {
    var buffer = DrainBuffer(app: "shop", countLimit: 4)
    let lines = (0..<7).map { message("\($0)") }
    for line in lines { #expect(buffer.add(line, at: .now) == 0) }
    #expect(buffer.dropped == 3)
    var numbers: [Int] = []
    while let entry = buffer.send() {
      numbers.append(entry.number)
      if numbers.count <= 4 { #expect(entry.message == lines[numbers.count - 1]) }
    }
    #expect(numbers == [0, 1, 2, 3])
    buffer.settle(upTo: 3)
    #expect(buffer.isEmpty)
    #expect(buffer.add(lines[0], at: .now) == 3)
    #expect(buffer.dropped == 0)
    #expect(buffer.send().map { text($0.message.bytes) }?.contains("3 lines were left out") == true)
    #expect(buffer.send()?.message == lines[0])
  }

  @Test func `what is not certain to have been taken is sent again`() {
    var buffer = DrainBuffer(app: "shop")
    for number in 0..<3 { _ = buffer.add(message("\(number)"), at: .now) }
    #expect(buffer.send()?.number == 0)
    #expect(buffer.send()?.number == 1)
    buffer.settle(upTo: 0)
    buffer.rewind()
    #expect(buffer.send()?.number == 1)
    #expect(buffer.send()?.number == 2)
    #expect(buffer.send() == nil)
  }

  @Test func `what was sent makes room for what comes`() {
    var buffer = DrainBuffer(app: "shop", countLimit: 2)
    let message = self.message("x")
    for _ in 0..<10 {
      #expect(buffer.add(message, at: .now) == 0)
      #expect(buffer.send() != nil)
    }
    #expect(buffer.dropped == 0)
  }
}
