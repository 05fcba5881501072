import DrydockBase
import Synchronization
import Testing

@testable import TerminalProgress

/// A reporter whose stream is kept and whose clock stands until it is moved.
private final class Bench: Sendable {
  let written = Mutex<[String]>([])
  let time = Mutex(ContinuousClock.Instant.now)
  let size: Mutex<TerminalSize>

  init(columns: Int = 40, rows: Int = 10) {
    size = Mutex(TerminalSize(columns: columns, rows: rows))
  }

  func reporter(terminal: Bool, colour: Bool = false) -> ProgressReporter {
    ProgressReporter(
      terminal: terminal, colour: colour, size: { self.size.withLock { $0 } },
      now: { self.time.withLock { $0 } }, write: { text in self.written.withLock { $0.append(text) } })
  }

  func pass(_ duration: Duration) { time.withLock { $0 += duration } }
  var output: [String] { written.withLock { $0 } }

  func screen() -> Screen {
    let size = size.withLock { $0 }
    var screen = Screen(columns: size.columns, rows: size.rows)
    output.forEach { screen.feed($0) }
    return screen
  }
}

@Suite struct PlainProgressTests {
  @Test func aLineForEachChange() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: false)
    reporter.update("mydb", "postgres  starting")
    reporter.update("mydb", "postgres  starting")
    reporter.update("cache", "redis  starting")
    reporter.finish("cache", "redis  ready", success: true)
    reporter.finish("mydb", "postgres  ready", success: true)
    reporter.finish("mydb", "postgres  ready", success: true)
    reporter.log("note")
    reporter.close()
    let expected = [
      "mydb  postgres  starting\n", "cache  redis  starting\n", "cache  redis  ready\n",
      "mydb  postgres  ready\n", "note\n",
    ]
    #expect(bench.output == expected)
  }

  @Test func percentagesCollapseToQuarters() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: false)
    for percent in 0...100 { reporter.update("mydb", "pulling \(percent) %") }
    reporter.update("mydb", "pulling 3 %")
    reporter.update("mydb", "unpacking 1.5 MB of 20 MB")
    reporter.update("mydb", "unpacking 12 MB of 20 MB")
    let expected = [0, 25, 50, 75, 100].map { "mydb  pulling \($0) %\n" }
    #expect(bench.output == expected + ["mydb  unpacking 1.5 MB of 20 MB\n"])
  }

  @Test func theSameEndIsSaidEvenIfThePhaseWas() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: false, colour: true)
    reporter.update("a", "stopped")
    reporter.finish("a", "stopped", success: false)
    #expect(bench.output == ["a  stopped\n", "a  \u{1B}[31mstopped\u{1B}[0m\n"])
  }

  @Test func nothingMovesTheCursor() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: false)
    reporter.update("a\u{1B}[2J", "b\rc\u{8}\nd\u{9B}1A")
    reporter.log("x\u{1B}[1A\r\ny\u{1B}]0;title\u{7}")
    let controls = bench.output.joined().unicodeScalars.filter {
      $0.properties.generalCategory == .control && $0 != "\n"
    }
    #expect(controls.isEmpty)
    #expect(bench.output.last == "x\\x1b[1A\n  y\\x1b]0;title\\x07\n")
  }
}

@Suite struct LiveProgressTests {
  @Test func oneLineForEachSubject() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: true)
    reporter.update("mydb", "postgres  pulling 3 %")
    reporter.update("cache", "redis  starting")
    bench.pass(.seconds(1))
    reporter.update("mydb", "postgres  pulling 43 %")
    #expect(bench.screen().text == ["mydb   postgres  pulling 43 %", "cache  redis  starting"])
    reporter.finish("mydb", "postgres  ready", success: true)
    reporter.finish("cache", "redis  gone", success: false)
    reporter.close()
    reporter.log("after")
    let screen = bench.screen()
    #expect(screen.text == ["mydb   postgres  ready", "cache  redis  gone", "after"])
    #expect(screen.complaints.isEmpty && screen.cursorVisible)
  }

  @Test func linesAreLoggedAbove() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: true)
    reporter.log("first")
    reporter.update("a", "one")
    reporter.log("second\nthird")
    reporter.update("b", "two")
    #expect(bench.screen().text == ["first", "second", "  third", "a  one", "b  two"])
    #expect(bench.screen().complaints.isEmpty)
  }

  @Test func numbersAreDrawnTenTimesASecond() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: true)
    for percent in 0..<100 {
      reporter.update("a", "pulling \(percent) %")
      bench.pass(.milliseconds(10))
    }
    #expect(bench.output.count == 10)
    reporter.update("a", "starting")
    #expect(bench.screen().text == ["a  starting"])
    reporter.update("a", "pulling 1 %")
    reporter.update("a", "pulling 2 %")
    #expect(bench.screen().text == ["a  pulling 1 %"])
    reporter.close()
    #expect(bench.screen().text == ["a  pulling 2 %"])
  }

  @Test func everyFrameLeavesTheCursorVisible() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: true)
    reporter.update("a", "one")
    reporter.log("line")
    for frame in bench.output { #expect(frame.hasSuffix("\u{1B}[?25h")) }
  }

  /// Bug: a line that said "starting" stayed on the screen after all had failed.
  @Test func whatFailedDoesNotLookAsIfItWentOn() {
    let bench = Bench()
    let reporter = bench.reporter(terminal: true)
    reporter.update("mydb", "pulling postgres")
    reporter.finish("cache", "ready", success: true)
    reporter.giveUp()
    reporter.close()
    #expect(bench.screen().text == ["mydb   not finished (pulling postgres)", "cache  ready"])
    let plain = Bench()
    let other = plain.reporter(terminal: false)
    other.update("mydb", "starting")
    other.giveUp()
    other.close()
    #expect(plain.output == ["mydb  starting\n"])
  }

  /// Bug: on a narrow terminal a long name left nothing of what is done: `w…`.
  @Test func longNamesGiveWay() {
    let bench = Bench(columns: 40)
    let reporter = bench.reporter(terminal: true)
    reporter.update("a-very-long-name-that-goes-on", "waiting: not listening yet")
    reporter.update("db", "ready")
    #expect(
      bench.screen().text == ["a-very-l…goes-on  waiting: not listeni…", "db                ready"])
    bench.size.withLock { $0.columns = 60 }
    reporter.update("db", "stopped")
    #expect(bench.output.last?.contains("a-very-long-name-that-goes-on  waiting: not listening yet") == true)
  }

  @Test func longLinesAreCut() {
    let bench = Bench(columns: 12)
    let reporter = bench.reporter(terminal: true, colour: true)
    reporter.finish("a", "0123456789", success: true)
    reporter.update("b", "01234567")
    #expect(bench.screen().text == ["a  0123456…", "b  01234567"])
    #expect(bench.output.last?.contains("…\u{1B}[0m") == true)
  }

  @Test func aNarrowedTerminalIsRedrawnFromItsTop() {
    let bench = Bench(columns: 30)
    let reporter = bench.reporter(terminal: true)
    reporter.update("a", "01234567890123456789")
    bench.size.withLock { $0.columns = 10 }
    reporter.update("a", "next")
    #expect(bench.output.last?.contains("\u{1B}[3A") == true)
  }

  @Test func moreSubjectsThanRowsBecomePlainLines() {
    let bench = Bench(rows: 4)
    let reporter = bench.reporter(terminal: true)
    for subject in ["a", "b", "c", "d", "e"] { reporter.update(subject, "starting") }
    reporter.finish("a", "ready", success: true)
    let screen = bench.screen()
    #expect(screen.text == ["a", "b", "c", "d", "e"].map { "\($0)  starting" } + ["a  ready"])
    #expect(screen.complaints.isEmpty && screen.cursorVisible)
  }

  @Test func manyTasksReportAtOnce() async {
    let bench = Bench(rows: 50)
    let reporter = bench.reporter(terminal: true)
    await withTaskGroup { group in
      for subject in 10..<40 {
        group.addTask {
          for percent in 0...100 { reporter.update("s\(subject)", "pulling \(percent) %") }
          reporter.log("log \(subject)")
          reporter.finish("s\(subject)", "ready", success: true)
        }
      }
    }
    reporter.close()
    let text = bench.screen().text
    #expect(Set(text) == Set((10..<40).flatMap { ["s\($0)  ready", "log \($0)"] }))
    #expect(text.count == 60)
    #expect(text.prefix(30).allSatisfy { $0.hasPrefix("log") })
  }
}
