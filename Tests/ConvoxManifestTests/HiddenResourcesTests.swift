import ConvoxManifest
import Testing

/// Slips by which resources are no longer seen, which would stop them all.
@Suite struct HiddenResourcesTests {
  private static let database = "  mydb: { type: postgres }\n"

  @Test(arguments: [
    ("resource:\n\(database)", "1:1"), ("Resources:\n\(database)", "1:1"),
    ("ressources:\n\(database)", "1:1"),
    ("databases:\n\(database)", "1:1"), ("resources: {}\nmydb: { type: postgres }\n", "2:1"),
    ("services:\n  resources:\n    mydb: { type: postgres }\n", "2:3"),
    ("services:\n  web:\n    resource: [mydb]\n", "3:5"),
    ("resources:\n  cache:\n    type: redis\n    mydb: { type: postgres }\n", "4:5"),
    ("services: {}\n---\nresources:\n\(database)", "3:1"),
  ])
  func areNamedWithTheirPlace(_ text: String, _ place: String) throws {
    let hidden = try load(text).hidden.filter { $0.mayHold("mydb") }
    #expect(hidden.map { "\($0.finding.location.line):\($0.finding.location.column)" } == [place])
    #expect(hidden.allSatisfy { $0.finding.severity == .error && $0.finding.suggestion != nil })
    #expect(try load(text).resource(named: "mydb") == nil)
  }

  @Test(arguments: [
    "services:\n  resource: { build: . }\n", "x-common:\n  web: { build: . }\n", "resources:\n\(database)",
    "services:\n  web: { timeout: 3, unknown: { type: other } }\n",
  ])
  func areNotSeenWhereThereAreNone(_ text: String) throws { #expect(try load(text).hidden.isEmpty) }

  @Test(arguments: ["", "# nothing\n", "---\n", "{}"]) func anEmptyFileIsCalledThat(_ text: String) throws {
    #expect(try load(text).isBlank)
  }

  @Test(arguments: [
    ("<<<<<<< HEAD\nresources:\n\(database)=======\n>>>>>>> other\n", 1),
    ("resources:\n  a:\n<<<<<<< HEAD\n    type: postgres\n=======\n    type: mysql\n>>>>>>> other\n", 3),
  ])
  func aMergeConflictIsCalledThat(_ text: String, _ line: Int) {
    #expect(errors(text) == ["\(line):1 a merge conflict is left in the file"])
  }
}
