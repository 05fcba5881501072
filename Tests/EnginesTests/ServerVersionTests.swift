import Testing

@testable import Engines

@Suite struct ServerVersionTests {
  @Test(arguments: [
    ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", [15, 18]),
    ("mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", [10, 11, 6]),
    ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", [7, 0, 15]),
    ("memcached 1.6.18", [1, 6, 18]),
    ("9", [9]),
    ("8.0", [8, 0]),
    ("17beta1", [17]),
    ("12.", [12]),
    ("10.3.8\n", [10, 3, 8]),
    // As official images and packages state it, with an epoch and what the packager added.
    ("1:10.11.18+maria~ubu2204", [10, 11, 18]), ("5:7.0.15-1~deb12u7", [7, 0, 15]),
    ("15.4-1.pgdg120+1", [15, 4]), ("8.0.36-1.el8", [8, 0, 36]), ("7:latest", [7]),
  ])
  func isReadOutOfWhatAServerPrints(_ text: String, _ parts: [Int]) {
    #expect(ServerVersion(in: text)?.parts == parts)
  }

  @Test(arguments: ["", "latest", "v", "...", "-"])
  func needsANumber(_ text: String) {
    #expect(ServerVersion(in: text) == nil)
  }

  @Test(arguments: ["99999999999999999999", "1.99999999999999999999.3"])
  func isNothingWhereANumberIsTooLarge(_ text: String) {
    #expect(ServerVersion(in: text) == nil)
  }

  @Test(arguments: [
    ("15.18", "15", true), ("15.18", "15.18", true), ("15.18", "15.1", false), ("15", "15.18", false),
    ("15", "15", true), ("10.11.6", "10.11", true), ("10.11.6", "10.1", false), ("7.0.15", "7", true),
  ])
  func satisfies(_ version: String, _ wanted: String, _ expected: Bool) throws {
    let version = try #require(ServerVersion(in: version))
    #expect(version.satisfies(try #require(ServerVersion(in: wanted))) == expected)
  }

  @Test func isOrderedByNumbers() {
    let ordered = ["9.6.24", "10", "10.1", "10.1.9", "10.2", "10.11", "15", "15.1"]
    let versions = ordered.compactMap(ServerVersion.init(in:))
    #expect(versions.shuffled().sorted().map(\.description) == ordered)
  }

  @Test(arguments: [
    (["13.5", "15.18", "17.2"], "15", "15.18"),
    (["15.2", "15.18"], "15", "15.18"),
    (["15.2", "15.18"], "15.2", "15.2"),
    // The same series, newer.
    (["8.0.36", "8.4.3", "9.1.0"], "8.1", "8.4.3"),
    // The nearest newer one.
    (["13.5", "15.18", "17.2"], "14", "15.18"),
    (["13.5", "15.18", "17.2"], "12", "13.5"),
    // Nothing newer: the newest.
    (["5.5", "5.7"], "8.0", "5.7"),
    (["15.1"], "15.18", "15.1"),
    // A minor version that is not to be had is no reason for another major one.
    (["13.23", "15.20", "18.6"], "15.99", "15.20"),
    (["8.0.36", "8.4.3", "9.7.4"], "8.4.99", "8.4.3"),
    (["8.0.36", "8.4.3", "9.7.4"], "8.0.99", "8.0.36"),
    (["7.0.15", "8.0.1"], "7.1", "7.0.15"),
  ])
  func theBestOfSeveral(_ known: [String], _ wanted: String, _ expected: String) throws {
    let wanted = try #require(ServerVersion(in: wanted))
    for order in [known, known.reversed()] {
      #expect(order.best(for: wanted) { ServerVersion(in: $0) } == expected)
    }
  }

  @Test func whatHasNoVersionIsNeverTheBest() throws {
    let wanted = try #require(ServerVersion(in: "15"))
    #expect(["latest", "14"].best(for: wanted) { ServerVersion(in: $0) } == "14")
    #expect(["latest"].best(for: wanted) { ServerVersion(in: $0) } == nil)
    #expect([String]().best(for: wanted) { ServerVersion(in: $0) } == nil)
  }

  @Test func hasItsFirstNumbers() throws {
    let version = try #require(ServerVersion(in: "10.11.6"))
    #expect(version.major == 10)
    #expect(version.prefix(2) == [10, 11])
    #expect(version.prefix(9) == [10, 11, 6])
  }
}
