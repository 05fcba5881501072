/// Takes the lines out of a dump that are about the server that it comes from: its settings, its roles, its database. What
/// remains is the data, which is the app's here.
///
/// A line counts where a statement could begin, and where it is one whole statement, as pg_dump writes these. Its newline
/// stays, so that lines keep their numbers.
struct PostgresForeignLines: ScriptFilter {
  private var scanner = PostgresScanner()
  private var judge: PostgresLineJudge
  /// A line that may be one of those, as far as it has come.
  private var held: [UInt8] = []
  private var isAtLineStart = true

  /// No such line is longer.
  private static let longest = 4096
  /// The first letters of those lines.
  private static let initials = Set("SsCcDdAaGgRr\\".utf8)

  init(here: PostgresSurroundings) { judge = PostgresLineJudge(here: here) }

  var remarks: [String] { judge.remarks }
  var isOneTransaction: Bool { !scanner.hasEndedTransaction }
  var hasOpenStatement: Bool {
    // What follows begins a line, which ends a comment, and the data of COPY behind its last line.
    var scanner = scanner
    scanner.take([Ascii.newline])
    return !scanner.isBetweenStatements
  }

  mutating func take(_ bytes: [UInt8]) throws -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(held.count + bytes.count)
    var rest = bytes[...]
    while let first = rest.first {
      let isCandidate = isAtLineStart && Self.initials.contains(first) && scanner.isBetweenStatements
      if isCandidate || !held.isEmpty {
        try hold(&rest, &output)
      } else {
        let end = passed(rest)
        hand(rest[..<end], &output)
        rest = rest[end...]
      }
    }
    return output
  }

  /// The end of what cannot be one of those lines: of this line, of all data up to a line that may end it.
  private func passed(_ rest: ArraySlice<UInt8>) -> Int {
    if scanner.isInData, rest.first != Ascii.backslash {
      return rest.positionOfBackslashedLine ?? rest.endIndex
    }
    return Swift.min(rest.position(of: Ascii.newline) + 1, rest.endIndex)
  }

  mutating func finish() throws -> [UInt8] {
    var output: [UInt8] = []
    try decide(&output)
    return output
  }

  private mutating func hand(_ bytes: ArraySlice<UInt8>, _ output: inout [UInt8]) {
    scanner.take(bytes)
    output += bytes
    isAtLineStart = bytes.last == Ascii.newline
  }

  private mutating func hold(_ rest: inout ArraySlice<UInt8>, _ output: inout [UInt8]) throws {
    let end = rest.position(of: Ascii.newline)
    held += rest[..<end]
    rest = rest[end...]
    if !rest.isEmpty || held.count > Self.longest { try decide(&output) }
  }

  private mutating func decide(_ output: inout [UInt8]) throws {
    let line = held[...]
    (held, isAtLineStart) = ([], false)
    if line.count <= Self.longest, try judge.leavesOut(line) { return }
    hand(line, &output)
  }
}
