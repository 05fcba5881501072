import DrydockBase
import Testing

@testable import Services

@Suite struct LogFilterTests {
  @Test(arguments: [
    ("", "anything", true), ("  ", "anything", true), ("ERROR", "an ERROR here", true),
    ("ERROR", "an error", false),
    ("ERROR db", "db: ERROR", true), ("ERROR db", "ERROR", false), ("\"two words\"", "has two words", true),
    ("\"two words\"", "two  words", false), ("-quiet", "loud", true), ("-quiet", "quiet", false),
    ("?a ?b", "xbx", true), ("?a ?b", "xx", false), ("GET -health", "GET /", true),
    ("GET -health", "GET /health", false), ("-\"not this\" x", "x not this", false),
    ("\"open", "an open end", true),
  ])
  func `words that lines hold`(_ pattern: String, _ line: String, _ isSelected: Bool) throws {
    #expect(try LogFilter(pattern).selects(line) == isSelected)
  }

  @Test(arguments: ["{ $.level = 1 }", "[a, b]", "%x+%"])
  func `forms that are not known here are refused`(_ pattern: String) {
    #expect(throws: DrydockError.self) { try LogFilter(pattern) }
  }

  @Test(arguments: [
    ("24h0m0s", 86400.0), ("500ms", 0.5), ("2m0s", 120), ("1h2m3.5s", 3723.5), ("10ns", 1e-8),
  ])
  func `spans as the tool sends them`(_ text: String, _ seconds: Double) {
    #expect(LogSpan.seconds(text) == seconds)
  }

  @Test(arguments: ["web.run1", "web.run500", "web.1", "tally.timer", "tally.timer2", "web.once"])
  func `a replica's name is read back`(_ name: String) throws {
    #expect(try #require(ServiceReplica(name: name)).name == name)
  }

  @Test(arguments: ["web.run", "web.run0", "web.run-1", "web.run01", "web.runx"])
  func `no replica's name`(_ name: String) { #expect(ServiceReplica(name: name) == nil) }

  @Test func `which replicas are a supervisor's own`() throws {
    #expect(try #require(ServiceReplica(name: "web.2")).isKept)
    #expect(try #require(ServiceReplica(name: "web.run2")).isKept == false)
    #expect(try #require(ServiceReplica(name: "web.timer")).isOfTimer)
  }
}
