import ArgumentParser
import Testing

@testable import AppState
@testable import DrydockBase
@testable import DrydockCommands
@testable import Emulator

/// What a shell offers when TAB is pressed.
@Suite struct NameCompletionTests {
  @Test func namesComeFromTheManifestAndFromWhatIsThere() async throws {
    try await TestApp.with { app in
      // Before the first `up` too.
      let before = NameLookup(["drydock", "logs", ""], context: app.context)
      #expect(before.resources == ["mydb", "my-files"] && before.services == ["web", "picky"])
      #expect(before.apps.isEmpty && before.created.isEmpty && before.variables.isEmpty)
      #expect(Set(before.declared) == ["MODE", "SECRET"])
      var state = try app.up()
      state.resources["gone"] = state.resources["mydb"]
      state.appEnvironment = ["TOKEN": "t"]
      state.rackEnvironments = ["acme/production": [:]]
      try app.context.store.save(state)
      let after = NameLookup(["drydock", "logs", ""], context: app.context)
      #expect(Set(after.resources) == ["mydb", "my-files", "gone"])
      #expect(after.apps == ["web"] && after.variables == ["TOKEN"] && after.racks == ["acme/production"])
    }
  }

  @Test(arguments: [
    ["drydock", "run", "--manifest", "../other.yml", ""], ["drydock", "run", "-m", "'../other.yml'", ""],
    ["drydock", "run", "--manifest=../other.yml", ""],
  ])
  func theOptionsOfTheLineCount(_ words: [String]) async throws {
    try await TestApp.with { app in
      try app.write("services: { worker: { image: w } }", to: "other.yml")
      #expect(NameLookup(words, context: app.context).services == ["worker"])
    }
  }

  @Test func aBrokenManifestOffersWhatIsThere() async throws {
    try await TestApp.with { app in
      _ = try app.up()
      try app.write("resources: [", to: "web/convox.yml")
      let names = NameLookup(["drydock", "ps", ""], context: app.context)
      #expect(names.services.isEmpty && Set(names.resources) == ["mydb", "my-files"])
    }
  }

  /// Only commands and flags were offered.
  @Test(arguments: ["bash", "zsh", "fish"]) func eachShellAsksForNames(_ shell: String) throws {
    let script = Drydock.completionScript(for: try #require(CompletionShell(rawValue: shell)))
    for command in ["run", "logs", "up", "resources url", "resources delete", "adopt", "env unset", "scale"] {
      #expect(script.contains("---completion \(command) -- "), "\(command)")
    }
  }

  /// Bug: fish read the line again for each of a thousand completions, which took seconds.
  @Test func fishReadsTheLineOnce() throws {
    let script = Drydock.completionScript(for: .fish)
    let amended = FishCompletion.amended(script)
    #expect(amended.hasPrefix(script))
    for name in FishCompletion.functions.prefix(2) {
      #expect(amended.ranges(of: "function \(name) -a").count == 2, "\(name)")
    }
    #expect(amended.contains("function __drydock_read_line\n"))
    let others = Drydock.completionScript(for: .bash)
    #expect(FishCompletion.amended(others) == others)
  }

  /// Bug: a place for logs can be created and was not offered.
  @Test(arguments: ["bash", "zsh", "fish"]) func allTypesAreOffered(_ shell: String) throws {
    let script = Drydock.completionScript(for: try #require(CompletionShell(rawValue: shell)))
    #expect(script.contains("postgres") && script.contains("syslog"))
    #expect(script.contains("AutoMinorVersionUpgrade="))
  }
}
