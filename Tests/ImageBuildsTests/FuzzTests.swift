import Foundation
import Testing

@testable import ImageBuilds

/// Dockerfiles made at random from a seed: whatever they are, they are read, or refused with a line of the file.
///
/// A few hundred cases run always. With `DRYDOCK_FUZZ_SECONDS` cases with new seeds run for so long besides.
@Suite("Dockerfiles at random") struct FuzzTests {
  @Test("A fixed set of seeds", arguments: 0..<16)
  func fixed(round: Int) {
    for seed in (round * 25)..<(round * 25 + 25) { check(UInt64(seed)) }
  }

  @Test("New seeds", .enabled(if: FuzzTests.seconds != nil))
  func long() {
    let first = UInt64.random(in: .min ... .max)
    print("fuzz: seeds from \(first)")
    let end = ContinuousClock.now + .seconds(FuzzTests.seconds ?? 0)
    var seed = first
    while ContinuousClock.now < end {
      check(seed)
      seed &+= 1
    }
    print("fuzz: \(seed &- first) cases")
  }

  private static var seconds: Double? {
    ProcessInfo.processInfo.environment["DRYDOCK_FUZZ_SECONDS"].flatMap(Double.init)
  }

  private func check(_ seed: UInt64) {
    var generator = RandomText(seed: seed)
    let bytes = generator.text(of: Self.seeds, Self.fragments)
    let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
    do throws(DockerfileError) {
      let file = try Dockerfile(bytes, path: "D")
      #expect(file.buildKitNeeds.allSatisfy { 1...lines ~= $0.line }, "seed \(seed)")
      let stage = try file.running(development: true, arguments: ["A": "\\$A ${B", "B": "/x"])
      #expect(stage.workingDirectory.hasPrefix("/"), "seed \(seed)")
      for copy in stage.copies {
        #expect(1...lines ~= copy.line, "seed \(seed)")
        #expect(copy.destination(of: "src/a.rb")?.hasPrefix("/") != false, "seed \(seed)")
      }
    } catch {
      #expect(0...lines ~= error.line, "seed \(seed): \(error)")
      #expect(!error.message.isEmpty, "seed \(seed)")
    }
  }

  @Test("Ignore files", arguments: 0..<8)
  func ignoreFiles(round: Int) {
    for seed in (round * 25)..<(round * 25 + 25) {
      var generator = RandomText(seed: UInt64(seed))
      let bytes = generator.text(of: Self.ignoreSeeds, Self.fragments)
      let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
      do throws(IgnoreFileError) {
        let rules = try IgnoreFile(bytes, path: "I", keeping: ["Dockerfile"])
        // Asked folder by folder or at once, the answer is the same.
        let above = rules.folder("a/b", in: rules.folder("a", in: nil))
        #expect(rules.ignores("a/b/c.rb") == rules.ignores("a/b/c.rb", in: above), "seed \(seed)")
        #expect(!rules.ignores("Dockerfile"), "seed \(seed)")
      } catch {
        #expect(1...lines ~= error.line, "seed \(seed): \(error)")
      }
    }
  }

  private static let ignoreSeeds = [
    "*\n!a/b\n", "**/*.rb\n!**/c.rb\n", "a/**\n# no\n\n", " /a/ \n[a-c]?\n", "\\a\n!\\*\n[^x]*\n",
    "a/b/../b/./c*\n",
  ]

  private static let fragments = [
    "\n", "\r\n", "\\\n", "\\", "`", "#", "# escape=`\n", "# syntax=x\n", " ", "\t", "$A", "${A", "${A:-",
    "}", "'", "\"",
    "[", "]", "[\"a\"]", "[\"a\", ", "--from=0 ", "--", "=", "<<EOF", "EOF\n", "<<-'A' ", "\u{0}", "é",
    "\u{feff}", "e\u{301}",
    "..", "/", "*", "[a-", "[^", "FROM ", " AS x", "RUN ", "COPY ", "ENV ", "ARG ", "CMD ", "WORKDIR ",
    "ONBUILD ",
  ]

  private static let seeds = [
    "ARG A=1\nFROM ${A:-x} AS base\n",
    "FROM base AS development\nWORKDIR $A\nCOPY . .\nRUN make \\\n  # no\n  all\n",
    "FROM --platform=$BUILDPLATFORM node\nENV A=1 B=\"$A c\" \\\n  C='d'\nCOPY --chown=a:b [\"x y\", \"z\", \"./\"]\n",
    "RUN --mount=type=cache,target=/x <<EOF cat\n$A\nEOF\nCMD [\"a\", \"b\"]\nENTRYPOINT x\n",
    "FROM scratch\nADD https://example.com/a.tar *.md src/[a-z]* /d/\nEXPOSE $B 1/udp\nUSER a\nSTOPSIGNAL 9\nSHELL [\"a\"]\n",
  ]
}

/// Texts that are nearly right and wrong in every way, the same ones for the same seed.
struct RandomText: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &self)]
  }

  mutating func text(of seeds: [String], _ fragments: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 1...4, using: &self) { bytes += pick(seeds).utf8 }
    for _ in 0..<Int.random(in: 0...6, using: &self) { mutate(&bytes, fragments) }
    return bytes
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ fragments: [String]) {
    let place = Int.random(in: 0...bytes.count, using: &self)
    let end = min(bytes.count, place + Int.random(in: 1...40, using: &self))
    switch Int.random(in: 0..<5, using: &self) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &self), at: place)
    case 3:
      let times = pick([1, 2, 50, 400])
      bytes.insert(contentsOf: Array(String(repeating: pick(fragments), count: times).utf8), at: place)
    default: bytes.insert(contentsOf: Array(pick(fragments).utf8), at: place)
    }
  }
}
