import ConvoxManifest
import Engines
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

/// A generator with a seed (SplitMix64), so that a failure can be run again.
private struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

@Suite("Any sequence of manifest edits")
struct OptionPropertyTests {
  /// Values that options may have; "" for an option whose variable is unset.
  static let values: [String: [String: [String]]] = [
    "postgres": [
      "class": ["db.t3.micro", "db.t3.large"], "storage": ["5", "20", "50", "200", "\"\""],
      "encrypted": ["true", "false"], "deletionProtection": ["true", "false", "\"\""],
      "durable": ["true", "false"], "iops": ["0", "1000"],
      "preferredBackupWindow": ["03:00-03:30", "23:45-00:15"], "backupRetentionPeriod": ["0", "35"],
      "tags": ["a=b"],
    ],
    "mysql": ["storage": ["20", "100"], "snapshot": ["one", "two"], "version": ["\"5.7\"", "\"8.0\""]],
    "redis": ["nodes": ["1", "2", "3"], "durable": ["true", "false"], "class": ["cache.m5.large"]],
    "memcached": ["nodes": ["1", "5"], "version": ["\"1.5\"", "\"1.6\""]],
    "efs": [
      "path": ["/", "/a"], "owner-uid": ["0", "1000"], "permissions": ["\"0700\"", "\"0777\""],
      "encrypted": ["true", "false"],
    ],
  ]

  private func edit(_ generator: inout SeededGenerator) -> String {
    var text = "resources:\n"
    for name in ["a", "b", "c"] where Int.random(in: 0..<5, using: &generator) > 0 {
      let types = name == "a" ? ["postgres", "postgres", "postgres", "mysql"] : Self.values.keys.sorted()
      let type = types.randomElement(using: &generator) ?? "postgres"
      let options = (Self.values[type] ?? [:]).sorted { $0.key < $1.key }
        .filter { _ in Bool.random(using: &generator) }
        .map { "\($0.key): \($0.value.randomElement(using: &generator) ?? "")" }
      text += "  \(name): {type: \(type), options: {\(options.joined(separator: ", "))}}\n"
    }
    return text + "services: {}\n"
  }

  /// What the rules make of a resource, said again in another way: a value for each option, and whether AWS
  /// could get from the deployed ones to it.
  private func expected(_ spec: ResourceSpec, over record: ResourceRecord?) throws -> (
    options: [String: String], isPossible: Bool
  ) {
    var options: [String: String] = [:]
    for rule in spec.engine.resourceType.options {
      let set = spec.declaration?.options.last { $0.name == rule.name && !$0.value.isEmpty }?.value
      let kept = record?.type == spec.type ? record?.options[rule.name] : nil
      options[rule.name] = set ?? kept ?? rule.defaultValue
    }
    let grows = Int(options["storage"] ?? "") ?? 0 >= Int(record?.options["storage"] ?? "") ?? 0
    let fitsType = record.map { $0.type == spec.type } ?? true
    return (options, fitsType && grows)
  }

  @Test(
    "It ends in the last manifest over the recorded options, or in a refusal that changed nothing",
    arguments: 0..<60)
  func sequence(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var app = PlannedApp()
    for _ in 0..<25 {
      let text = edit(&generator)
      let specs = try PlannedApp.specs(text)
      let before = app.state
      let wanted = try specs.map { try expected($0, over: before.resources[$0.name]) }
      if wanted.allSatisfy(\.isPossible) {
        _ = try app.up(specs)
        for (spec, wanted) in zip(specs, wanted) {
          #expect(app.state.resources[spec.name]?.options == wanted.options, "seed \(seed): \(text)")
        }
        let again = try app.plan(specs)
        #expect(again.plan.items.allSatisfy { $0.changes.isEmpty }, "seed \(seed): \(text)")
      } else {
        #expect(throws: DrydockError.self, "seed \(seed): \(text)") { try app.up(specs) }
        #expect(app.state == before, "seed \(seed): \(text)")
      }
    }
  }

  /// A replica as an edit wants it; nil for what is left out.
  private struct Pair {
    var source: Int?
    var replica: Int?
    var follows: Bool

    init(_ generator: inout SeededGenerator) {
      let sizes = [nil, 20, 50, 100]
      source = sizes.randomElement(using: &generator) ?? nil
      replica = sizes.randomElement(using: &generator) ?? nil
      follows = Bool.random(using: &generator)
    }

    var text: String {
      func storage(_ size: Int?) -> String { size.map { ", storage: \($0)" } ?? "" }
      let reference = follows ? ", readSourceDB: \"#convox.resources.main\"" : ""
      return "resources:\n  main: {type: mysql, options: {version: \"8.0\"\(storage(source))}}\n"
        + "  copy: {type: mysql, options: {version: \"8.0\"\(storage(replica))\(reference)}}\n"
    }

    /// Whether AWS takes it, with what is deployed: sizes and whether the copy follows; nil before the first.
    func isPossible(_ main: Int, _ copy: Int, _ followed: Bool?) -> Bool {
      let grows = source ?? main >= main && replica ?? copy >= copy
      let mayFollow = !follows || followed != false
      // What the manifest says by itself counts with defaults, where it leaves a size out.
      let fits = !follows || (replica ?? copy >= source ?? main && replica ?? 20 >= source ?? 20)
      return grows && mayFollow && fits
    }
  }

  @Test("Replicas come, grow and are promoted, and never come back", arguments: 0..<60)
  func replicas(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    var app = PlannedApp()
    var (main, copy) = (20, 20)
    var followed: Bool?
    for _ in 0..<15 {
      let edit = Pair(&generator)
      let before = app.state
      // The first has nothing deployed to grow from.
      let isPossible =
        followed == nil
        ? !edit.follows || edit.replica ?? 20 >= edit.source ?? 20 : edit.isPossible(main, copy, followed)
      guard isPossible else {
        #expect(throws: (any Error).self, "seed \(seed): \(edit.text)") { try app.up(edit.text) }
        #expect(app.state == before, "seed \(seed): \(edit.text)")
        continue
      }
      let result = try app.up(edit.text)
      (main, copy) = (edit.source ?? main, edit.replica ?? copy)
      let promoted = followed == true && !edit.follows
      #expect(result.plan.items.last?.action == .promote || !promoted, "seed \(seed): \(edit.text)")
      followed = edit.follows
      #expect(app.state.resources["main"]?.options["storage"] == "\(main)", "seed \(seed)")
      #expect(app.state.resources["copy"]?.options["storage"] == "\(copy)", "seed \(seed)")
      #expect((app.state.resources["copy"]?.options["readSourceDB"] != nil) == edit.follows, "seed \(seed)")
    }
  }
}
