import NIOCore

/// The fields that mean something to a proxy.
enum KnownField: UInt8 {
  case other, host, connection, keepAlive, proxyConnection, transferEncoding, contentLength, te, upgrade,
    expect
  case accept, cookie, forwardedFor, forwardedProto, forwardedPort

  init(_ name: Slice<UnsafeRawBufferPointer>) {
    let candidates: [(StaticString, KnownField)]
    switch name.count {
    case 2: candidates = Self.of2
    case 4: candidates = Self.of4
    case 6: candidates = Self.of6
    case 7: candidates = Self.of7
    case 10: candidates = Self.of10
    case 14: candidates = Self.of14
    case 15: candidates = Self.of15
    case 16: candidates = Self.of16
    case 17: candidates = Self.of17
    default: candidates = []
    }
    self = candidates.first { name.isNamed($0.0) }?.1 ?? .other
  }

  private static let of2: [(StaticString, KnownField)] = [("te", .te)]
  private static let of4: [(StaticString, KnownField)] = [("host", .host)]
  private static let of6: [(StaticString, KnownField)] = [
    ("accept", .accept), ("cookie", .cookie), ("expect", .expect),
  ]
  private static let of7: [(StaticString, KnownField)] = [("upgrade", .upgrade)]
  private static let of10: [(StaticString, KnownField)] = [
    ("connection", .connection), ("keep-alive", .keepAlive),
  ]
  private static let of14: [(StaticString, KnownField)] = [("content-length", .contentLength)]
  private static let of15: [(StaticString, KnownField)] = [("x-forwarded-for", .forwardedFor)]
  private static let of16: [(StaticString, KnownField)] = [
    ("proxy-connection", .proxyConnection), ("x-forwarded-port", .forwardedPort),
  ]
  private static let of17: [(StaticString, KnownField)] = [
    ("transfer-encoding", .transferEncoding), ("x-forwarded-proto", .forwardedProto),
  ]

  /// Whether it is of the connection alone, and never passed on.
  var isOfConnection: Bool {
    switch self {
    case .connection, .keepAlive, .proxyConnection, .transferEncoding, .te, .upgrade: true
    default: false
    }
  }
}

/// The fields of a head or of a trailer section, by their places in its bytes.
///
/// Places instead of texts: a line that is passed on is copied as it came, whatever character set its value has.
struct FieldLines {
  struct Line {
    let name: Range<Int>
    let value: Range<Int>
    /// With its line feed.
    let whole: Range<Int>
    let field: KnownField
  }

  private(set) var lines: [Line] = []

  /// Reads the lines from `start` on, up to and with the empty one at the end.
  ///
  /// Strict, as what two parsers read differently smuggles requests: no folded lines, no blank before the colon, no
  /// line feed alone.
  init(_ raw: UnsafeRawBufferPointer, from start: Int) throws(MessageFault) {
    lines.reserveCapacity(24)
    var place = start
    while place + 1 < raw.count, raw[place] != Bytes.carriageReturn {
      let line = try Self.line(raw, place)
      lines.append(line)
      guard lines.count <= MessageLimits.fields else {
        throw MessageFault(431, "more than \(MessageLimits.fields) fields")
      }
      place = line.whole.upperBound
    }
    guard place + 2 == raw.count, raw[place + 1] == Bytes.lineFeed else {
      throw .bad("a line of the head does not end by CR LF")
    }
  }

  private static func line(_ raw: UnsafeRawBufferPointer, _ start: Int) throws(MessageFault) -> Line {
    var colon = start
    while colon < raw.count, Bytes.isToken(raw[colon]) { colon += 1 }
    guard colon > start, colon < raw.count, raw[colon] == Bytes.colon else {
      throw .bad(Bytes.isBlank(raw[start]) ? "a folded line in the head" : "the name of a field is wrong")
    }
    var end = colon + 1
    while end < raw.count, Bytes.isValue(raw[end]) { end += 1 }
    guard end + 1 < raw.count, raw[end] == Bytes.carriageReturn, raw[end + 1] == Bytes.lineFeed else {
      throw .bad("the value of a field holds a control character")
    }
    let value = raw[colon + 1..<end].trimmed
    return Line(
      name: start..<colon, value: value.startIndex..<value.endIndex, whole: start..<end + 2,
      field: KnownField(raw[start..<colon]))
  }

  func all(_ field: KnownField) -> [Line] { lines.filter { $0.field == field } }
  func first(_ field: KnownField) -> Line? { lines.first { $0.field == field } }
}
