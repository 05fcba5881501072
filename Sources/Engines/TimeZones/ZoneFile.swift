/// What a file of the time zone database says (TZif, RFC 8536), as the tables of a MySQL server take it.
struct ZoneFile: Sendable, Hashable {
  /// A kind of local time.
  struct Kind: Sendable, Hashable {
    /// Seconds east of UTC.
    var offset: Int
    var isDaylight: Bool
    var abbreviation: String
  }

  /// A moment at which another kind begins.
  struct Transition: Sendable, Hashable {
    /// Seconds since 1970.
    var time: Int
    /// The kind's place in `kinds`.
    var kind: Int
  }

  /// The kinds; the first holds before all transitions.
  private(set) var kinds: [Kind] = []
  /// In the order of time.
  private(set) var transitions: [Transition] = []

  /// Reads a file whole; nil where it is none of these.
  init?(_ bytes: [UInt8]) {
    var reader = Reader(bytes: bytes)
    guard let first = reader.header() else { return nil }
    guard first.version >= UInt8(ascii: "2") else {
      guard read(&reader, first, timeSize: 4) else { return nil }
      return
    }
    reader.skip(first.length(timeSize: 4))
    guard let second = reader.header(), read(&reader, second, timeSize: 8) else { return nil }
    if let rule = ZoneRule(String(decoding: reader.rest, as: UTF8.self)) { extend(by: rule) }
  }

  private mutating func read(_ reader: inout Reader, _ header: Header, timeSize: Int) -> Bool {
    let times = (0..<header.times).map { _ in reader.number(timeSize) }
    let places = (0..<header.times).map { _ in Int(reader.byte()) }
    let kinds = (0..<header.kinds).map { _ in (reader.number(4), reader.byte(), Int(reader.byte())) }
    let names = reader.bytes(header.names)
    reader.skip(header.leaps * (timeSize + 4) + header.standard + header.universal)
    guard !reader.isExhausted, !kinds.isEmpty, places.allSatisfy({ $0 < kinds.count }) else { return false }
    self.kinds = kinds.map { offset, isDaylight, place in
      let name = names.dropFirst(place).prefix { $0 != 0 }
      return Kind(
        offset: offset, isDaylight: isDaylight != 0, abbreviation: String(decoding: name, as: UTF8.self))
    }
    transitions = zip(times, places).map { Transition(time: $0, kind: $1) }
    dropWhatNoServerReads()
    return true
  }

  /// The servers' own loader knows times of 32 bits: what begins before them begins with them.
  private mutating func dropWhatNoServerReads() {
    guard let last = transitions.lastIndex(where: { $0.time < Int(Int32.min) }) else { return }
    transitions.removeFirst(last)
    transitions[0].time = Int(Int32.min)
  }

  /// Adds what a file leaves to its rule: some systems' files end where the rule of today begins.
  private mutating func extend(by rule: ZoneRule) {
    for change in rule.changes(after: transitions.last?.time ?? Int.min, through: 2037) {
      let place = kinds.firstIndex(of: change.kind) ?? kinds.count
      if place == kinds.count { kinds.append(change.kind) }
      transitions.append(Transition(time: change.time, kind: place))
    }
  }
}

/// The counts at the beginning of a block.
private struct Header {
  var version: UInt8
  var universal: Int
  var standard: Int
  var leaps: Int
  var times: Int
  var kinds: Int
  var names: Int

  /// How many bytes follow.
  func length(timeSize: Int) -> Int {
    times * (timeSize + 1) + kinds * 6 + names + leaps * (timeSize + 4) + standard + universal
  }
}

/// Reads numbers, most significant byte first. What is missing at the end reads as zero, and is noticed.
private struct Reader {
  private let all: [UInt8]
  private var place = 0

  init(bytes: [UInt8]) { all = bytes }

  var isExhausted: Bool { place > all.count }
  var rest: ArraySlice<UInt8> { all.dropFirst(place) }

  mutating func skip(_ count: Int) { place += count }

  mutating func byte() -> UInt8 {
    defer { place += 1 }
    return place < all.count ? all[place] : 0
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { place += count }
    return Array(all.dropFirst(place).prefix(count))
  }

  mutating func number(_ size: Int) -> Int {
    let bits = (0..<size).reduce(UInt64(0)) { sum, _ in sum << 8 | UInt64(byte()) }
    return size == 4
      ? Int(Int32(truncatingIfNeeded: bits)) : Int(Int64(truncatingIfNeeded: bits))
  }

  mutating func header() -> Header? {
    guard bytes(4) == Array("TZif".utf8) else { return nil }
    let version = byte()
    skip(15)
    let counts = (0..<6).map { _ in number(4) }
    // No file is anywhere near that large.
    guard !isExhausted, counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
    return Header(
      version: version, universal: counts[0], standard: counts[1], leaps: counts[2], times: counts[3],
      kinds: counts[4], names: counts[5])
  }
}
