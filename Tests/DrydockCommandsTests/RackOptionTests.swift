import ArgumentParser
import Testing

@testable import DrydockCommands

@Suite("The name of a rack")
struct RackOptionTests {
  @Test(
    "What --rack takes",
    arguments: [
      ("acme/production", true), ("staging", true), ("my-org_2/rack.1", true), ("", false), ("/", false),
      ("acme/", false), ("a/b/c", false), ("a b", false), ("ä", false), ("../x/y", false),
    ])
  func names(name: String, isTaken: Bool) {
    let option = try? RackOption.parse(["--rack", name])
    #expect((option?.name == name) == isTaken)
  }

  @Test("The short form, and none")
  func forms() throws {
    #expect(try RackOption.parse(["-r", "acme/production"]).name == "acme/production")
    #expect(try RackOption.parse([]).name == nil)
  }

  @Test(
    "Commands that take a rack",
    arguments: [
      ["env", "set", "A=1"], ["env", "unset", "A"], ["env", "get", "A"], ["env", "show", "web"],
      ["env", "list"], ["env", "copy", "--from", "x"], ["env", "set", "--from", ".env"],
      ["env", "web"], ["up"], ["check"], ["check", "--explain"], ["manifest"],
    ])
  func commands(words: [String]) throws {
    _ = try Drydock.parseAsRoot(words + ["--rack", "acme/production"])
    #expect(throws: (any Error).self) { try Drydock.parseAsRoot(words + ["--rack", "a b"]) }
  }
}
