/// Takes the lines out of a dump that are about the server that it comes from: its settings, its roles, its database. What
/// remains is the data, which is the app's here.
///
/// Data of no rows goes too, unsaid: pg_dump writes it of tables that belong to an extension, in which the app may not write.
///
/// A line counts where a statement could begin, and where it is one whole statement, as pg_dump writes these. Its newline
/// stays, so that lines keep their numbers.
struct PostgresForeignLines: ScriptFilter {
  private var scanner = PostgresScanner()
  private var judge: PostgresLineJudge
  /// A line that may be one of those, as far as it has come.
  private var held: [UInt8] = []
  private var isAtLineStart = true
  /// The beginning of COPY data, and what has come behind it, until it is known whether there are rows.
  private var copy: (line: [UInt8], behind: [UInt8])?

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
      if copy != nil {
        lookBehindCopy(first, &output)
        rest.removeFirst()
        continue
      }
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
    passCopy(&output)
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
    if line.count <= Self.longest {
      if try judge.leavesOut(line) { return }
      if judge.beginsData(line) { return copy = (Array(line), []) }
    }
    hand(line, &output)
  }

  /// Takes a byte behind the line that begins data: its newline, then the line that ends it, if there are no rows.
  private mutating func lookBehindCopy(_ byte: UInt8, _ output: inout [UInt8]) {
    copy?.behind.append(byte)
    guard let behind = copy?.behind else { return }
    if Self.noRows.contains(behind) {
      // The lines keep their numbers.
      output += [Ascii.newline, Ascii.newline]
      (copy, isAtLineStart) = (nil, true)
    } else if !Self.noRows.contains(where: { $0.starts(with: behind) }) {
      passCopy(&output)
    }
  }

  private mutating func passCopy(_ output: inout [UInt8]) {
    guard let copy else { return }
    self.copy = nil
    hand((copy.line + copy.behind)[...], &output)
  }

  private static let noRows = ["\n\\.\n", "\n\\.\r\n"].map { Array($0.utf8) }
}
