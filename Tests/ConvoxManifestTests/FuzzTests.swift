import ConvoxManifest
import Foundation
import Testing

/// Manifests made at random from a seed: whatever they are, they load or fail with places inside the file.
///
/// A few hundred cases run always. With `DRYDOCK_FUZZ_SECONDS` cases with new seeds run for so long besides.
@Suite("Manifests at random")
struct FuzzTests {
  @Test("A fixed set of seeds", arguments: 0..<24)
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
    var generator = ManifestGenerator(seed: seed)
    let (bytes, appEnvironment) = generator.manifest()
    let lengths = lineLengths(bytes)
    var diagnostics: [Diagnostic] = []
    do {
      let manifest = try load(bytes, appEnvironment)
      diagnostics =
        manifest.warnings + manifest.deployFindings(catalog: testCatalog, appEnvironment: appEnvironment)
      #expect(manifest.warnings.allSatisfy { $0.severity == .warning }, "seed \(seed)")
      let document = ManifestDocument(manifest, appEnvironment: appEnvironment)
      #expect(document.resources.count == manifest.resources.count, "seed \(seed)")
    } catch {
      #expect(error.diagnostics.contains { $0.severity == .error }, "seed \(seed)")
      diagnostics = error.diagnostics
    }
    for diagnostic in diagnostics {
      let place = diagnostic.location
      let length = lengths.indices.contains(place.line - 1) ? lengths[place.line - 1] : -1
      #expect(1...max(length + 1, 0) ~= place.column, "seed \(seed): \(diagnostic)")
      #expect(!diagnostic.message.isEmpty, "seed \(seed)")
    }
  }

  /// The characters of each line, counted apart from the code under test.
  private func lineLengths(_ bytes: [UInt8]) -> [Int] {
    let text = String(
      decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self)
    let lines = text.split(omittingEmptySubsequences: false) { ["\n", "\r\n", "\r"].contains($0) }
    return lines.map(\.count)
  }
}

/// Makes manifests that are nearly right and wrong in every way, the same ones for the same seed.
struct ManifestGenerator: RandomNumberGenerator {
  private var source: SeededGenerator

  init(seed: UInt64) { source = SeededGenerator(seed: seed) }

  mutating func next() -> UInt64 { source.next() }

  mutating func manifest() -> (bytes: [UInt8], appEnvironment: [String: String]) {
    var bytes = Array(sections().utf8)
    for _ in 0..<Int.random(in: 0...6, using: &self) { mutate(&bytes) }
    return (
      bytes, ["A": pick(Self.fragments), "SIZE": pick(["20", "", "x\n  y: z", "\u{7}", "é", "\"", "[["])]
    )
  }

  private mutating func sections() -> String {
    var text = pick(["", "", "", "\u{FEFF}", "%YAML 1.1\n---\n", "# é ${A}\n", "&a "])
    for _ in 0..<Int.random(in: 1...4, using: &self) { text += pick(Self.seeds) }
    return pick([true, false, false, false]) ? text.replacing("\n", with: "\r\n") : text
  }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    let place = Int.random(in: 0...bytes.count, using: &self)
    let end = min(bytes.count, place + Int.random(in: 1...40, using: &self))
    switch Int.random(in: 0..<6, using: &self) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &self), at: place)
    case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
    case 4:
      let times = pick([1, 1, 1, 2, 50, 400])
      bytes.insert(contentsOf: Array(String(repeating: pick(Self.fragments), count: times).utf8), at: place)
    default: bytes.insert(contentsOf: Array(pick(Self.fragments).utf8), at: place)
    }
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &self)]
  }

  private static let fragments = [
    "\n", "\r", "\t", " ", "  ", "- ", "? ", ": ", ":", "{", "}", "[", "]", ",", "&a ", "*a", "*a ",
    "<<: *a\n", "\"<<\": ",
    "!!str ", "!!int ", "!!binary ", "!<x> ", "|\n", ">-\n", "\"", "'", "\\", "#", "%", "@", "`", "---\n",
    "...\n", "~",
    "null", "yes", "8.0", "0777", "1e999", "-0x", "${A}", "${SIZE}", "${UNSET}", "${", "}", "$", "é", "👩‍👩‍👧",
    "\u{2028}",
    "\u{85}", "\u{FEFF}", "\u{0}", "\u{1B}", "\u{FFFF}", "e\u{301}", "resources:\n", "type: mysql",
    "options: {",
    "\"\\ud800\"", "\"\\x00\"", "[[[[[[[[[[", "- - - - - ", "{a: {a: {a: ", "a: &b [*a, *a]\n",
  ]

  private static let seeds = [
    "environment:\n  - A=1\n  - B\n  - [C, D=e]\n  - \"*\"\n",
    "resources:\n  db:\n    type: postgres\n    options:\n      storage: ${SIZE}\n      version: 12.0\n",
    "resources:\n  main: {type: mysql, options: {version: \"8.0\"}}\n"
      + "  copy: {type: mysql, options: {readSourceDB: \"#convox.resources.main\", version: \"8.0\"}}\n",
    "resources:\n  cache: &r {type: redis, options: {nodes: 2, durable: yes}}\n  other: *r\n  files: {type: efs}\n",
    "services:\n  web: &w\n    build: .\n    port: https:3000\n    resources: [db, \"cache:X_URL\", files]\n"
      + "    volumes:\n      - files:/data\n  worker:\n    <<: *w\n    command: [a, b]\n    scale: {count: 1-2}\n",
    "timers:\n  t:\n    schedule: \"*/5 * * * *\"\n    service: web\n    command: >-\n      été\n      nuit\n",
    "x: [1, yes, ~, 0x1F, {a: b}]\n# ${A}\n",
  ]
}
