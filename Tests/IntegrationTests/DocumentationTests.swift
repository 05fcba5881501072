import DrydockTestSupport
import Foundation
import Testing

/// The documentation against the built program: each page's commands as its reader types them, the reference, the picture.
@Suite struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The pages that are marked to be run, by their paths below the repository.
  static let pages: [String] = {
    let docs = root.appending(path: "docs")
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: docs.path)) ?? []
    return (["README.md"] + names.sorted().map { "docs/\($0)" }).filter { name in
      guard name.hasSuffix(".md") else { return false }
      let text = try? String(contentsOf: root.appending(path: name), encoding: .utf8)
      return text?.contains("\n<!-- run: ") == true
    }
  }()

  @Test("the commands of a page work from top to bottom", .nativeEngines, arguments: pages)
  func page(_ page: String) async throws {
    try await Self.withProgramsInPath { app in
      try FileManager.default.removeItem(at: app.folder.appending(path: "convox.yml"))
      let result = try await Self.script("run-page", page, in: app)
      // What the page needs is not here, and the script has said what.
      if result.status == 77, !EngineAvailability.isCI { return print(result.stderr) }
      #expect(result.status == 0, "\(result.stderr)\(result.stdout)")
      let isWhole = !result.stderr.contains("not run, line ")
      #expect(isWhole || !EngineAvailability.isCI, "\(result.stderr)")
    }
  }

  @Test("some page is run at all")
  func pagesAreFound() { #expect(!Self.pages.isEmpty) }

  @Test("the reference of commands is what the program says of itself: make documents writes it anew")
  func reference() async throws { try await Self.compare("command-reference") }

  @Test("the program prints every line of the picture: make documents draws it anew", .nativeEngines)
  func picture() async throws { try await Self.compare("picture") }

  /// Has a script compare what it would write with what is there.
  private static func compare(_ name: String) async throws {
    let drydock = try BuiltProducts.executable("drydock")
    try await withProgramsInPath { app in
      let result = try await script(name, drydock, "--check", in: app)
      #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
    }
  }

  private static func withProgramsInPath(_ body: @Sendable (AppFixture) async throws -> Void) async throws {
    let folder = URL(filePath: try BuiltProducts.executable("drydock")).deletingLastPathComponent().path
    let path = "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
    try await withApp("", AppOptions(runtime: "native", environment: ["PATH": path]), body)
  }

  private static func script(_ name: String, _ words: String..., in app: AppFixture) async throws
    -> CommandResult
  {
    let script = root.appending(path: "scripts/\(name)").path
    let arguments = words.map { $0.hasSuffix(".md") ? root.appending(path: $0).path : $0 }
    return try await app.start(["/usr/bin/python3", "-B", script] + arguments, tool: true).result()
  }
}
