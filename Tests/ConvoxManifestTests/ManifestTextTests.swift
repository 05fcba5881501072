import Testing

@testable import ConvoxManifest

@Suite("A manifest that drydock writes")
struct ManifestTextTests {
  @Test(
    "Every value is read back as it was given",
    arguments: [
      "8.0", "yes", "0777", "${HOME}", "$\u{301}{HOME}", "${\u{301}HOME}", "\\${HOME}", "a\\", "\"quoted\"",
      "it's", "# no comment", "a: b",
      "- x",
      "line\nfeed", "tab\there", " blanks ", "é 漢字 🚢", "\u{1}\u{7F}",
      String(repeating: "long word ", count: 40),
    ])
  func roundTrip(value: String) throws {
    let text = ManifestText.single("main-db", type: "postgres", options: ["tags": value])
    let manifest = try load(text, ["HOME": "/interpolated"])
    #expect(manifest.resources.map(\.name) == ["main-db"])
    #expect(manifest.resources.first?.option("tags") == value)
    #expect(manifest.warnings.isEmpty)
  }

  @Test("An empty value counts as not set")
  func empty() throws {
    let manifest = try load(ManifestText.single("no", type: "postgres", options: ["storage": ""]))
    #expect(manifest.resources.first?.name == "no")
    #expect(manifest.resources.first?.options.isEmpty == true)
    #expect(manifest.warnings.isEmpty)
  }
}
