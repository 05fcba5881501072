import Foundation

/// A small generator, the same on every machine (SplitMix64).
struct SeededRandom: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// One of some values.
  mutating func one<Value>(of values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &self)]
  }

  /// Bytes with some changed, taken out, put in twice.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &self) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &self)
      switch Int.random(in: 0..<4, using: &self) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
      case 1: bytes.insert(contentsOf: self.bytes(3), at: place)
      case 2 where bytes.count > 10: bytes.remove(at: place)
      default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 12)], at: place)
      }
    }
    return bytes
  }

  /// An archive such as somebody would make who wants out of the folder, or to be taken for another.
  mutating func archive() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...8, using: &self) { bytes += member() }
    if Bool.random(using: &self) { bytes += [UInt8](repeating: 0, count: 1024) }
    switch Int.random(in: 0..<8, using: &self) {
    case 0: return mutated(bytes)
    case 1: return Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &self)))
    case 2: return self.bytes(600)
    default: return bytes
    }
  }

  private mutating func member() -> [UInt8] {
    let type = one(of: Array("00000555112277LKxxg346"))
    var content = one(of: ["", "x", String(repeating: "content ", count: 200)])
    if type == "x" {
      let line = one(of: [
        " path=\(path())\n", " linkpath=\(path())\n",
        " size=\(one(of: ["0", "-1", "9", "99999999999999999999"]))\n",
      ])
      content = "\(line.utf8.count + one(of: [2, 2, 2, 0, 9]))\(line)"
    } else if type == "L" || type == "K" {
      content = path() + "\0"
    }
    var bytes = TarBytes.member(
      String(path().prefix(90)), content, type: type, target: String(path().prefix(90)),
      mode: one(of: ["0000644", "0000755", "0000000", "0007777", "9999999"]))
    if Int.random(in: 0..<6, using: &self) == 0 {
      bytes[Int.random(in: 0..<512, using: &self)] = UInt8.random(in: 0...255, using: &self)
      TarBytes.seal(&bytes)
    }
    return bytes
  }

  private mutating func path() -> String {
    let parts = [
      "a", "b", "l", "..", ".", "", "sub", ".drydock", "convox.yml", "é", "secret", "root",
      String(repeating: "n", count: 120),
    ]
    let names = (0..<Int.random(in: 1...5, using: &self)).map { _ in one(of: parts) }
    return one(of: ["", "", "/", "../", "/tmp/"]) + names.joined(separator: "/") + one(of: ["", "", "/"])
  }
}

/// How long tests with new seeds run besides the fixed ones; nil for not at all.
let fuzzSeconds = ProcessInfo.processInfo.environment["DRYDOCK_FUZZ_SECONDS"].flatMap(Double.init)
