import DrydockTestSupport
import Foundation
import Testing

/// A repository that somebody else wrote, on the built program.
@Suite struct HostileCloneTests {
  private static let manifest = #"""
    "\e]52;c;cm0=\a": 1
    "x\nERROR: forged": 2
    resources:
      files: { type: efs }
    services:
      web: { image: "\e[2J", resources: [files], environment: ["A=\e[2J", "B\e[2J=\u202e"], command: "printf %s \"$A\"" }
    """#

  @Test("Nothing that a terminal obeys comes from a manifest, but by the service's own command")
  func controlSequences() async throws {
    try await withApp(Self.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      try app.write("A=\u{1B}[2J\n\u{1B}[2J=x\n", to: "extra.env")
      for words in [
        ["check"], ["up", "--dry-run"], ["up"], ["up", "--env-file", "extra.env"], ["ps"], ["manifest"],
        ["env", "web"],
        ["env", "set", "\u{1B}[2J=x"], ["run", "\u{1B}[2J"], ["\u{1B}[2J"], ["ps", "--app", "\u{202E}"],
      ] {
        let result = try await app.start(words).result()
        let shown = result.stderr + (words == ["check"] ? result.stdout : "")
        #expect(!shown.unicodeScalars.contains(where: Self.isObeyed), "\(words): \(result)")
        #expect(
          !shown.split(separator: "\n").contains { $0.hasPrefix("ERROR: forged") }, "\(words): \(result)")
      }
      // A program gets what the manifest says.
      #expect(try await app.drydock("run", "web").stdout == "\u{1B}[2J")
    }
  }

  private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\n" && (scalar.properties.generalCategory == .control || scalar == "\u{202E}")
  }

  @Test(
    "A link in .drydock is refused before anything starts, and what it leads to stays",
    arguments: ["web.env", ""])
  func links(_ name: String) async throws {
    try await withApp(MistakeTests.manifest, AppOptions(runtime: "native", isHeavy: false)) { app in
      let outside = app.root.appending(path: "outside")
      try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
      let victim = outside.appending(path: "web.env")
      try Data("SERVICE=web\n".utf8).write(to: victim)
      let own = app.folder.appending(path: ".drydock")
      if !name.isEmpty { try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true) }
      try FileManager.default.createSymbolicLink(
        at: name.isEmpty ? own : own.appending(path: name),
        withDestinationURL: name.isEmpty ? outside : victim)
      let up = try await app.drydock("up")
      #expect(up.status == 73 && up.stderr.contains("it is a symbolic link"), "\(up)")
      #expect(app.instances.isEmpty)
      _ = try await app.drydock("down")
      #expect(try String(contentsOf: victim, encoding: .utf8) == "SERVICE=web\n")
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["web.env"])
    }
  }
}
