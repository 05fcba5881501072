import DrydockTestSupport
import Foundation
import Testing

/// The sample apps, unchanged, on both runtimes.
@Suite struct SampleTests {
  static let samples = ["postgres-only", "two-services", "quickstart"]

  private static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "samples")
  }

  @Test(
    "A sample's services get the expected variables, and keep data over down and up",
    arguments: samples, await EngineAvailability.runtimes())
  func sample(_ name: String, _ runtime: String) async throws {
    let source = Self.folder.appending(path: name)
    try await withApp("", AppOptions(runtime: runtime, name: name)) { app in
      try copy(source, to: app)
      try await app.up()
      let before = try await app.ps()
      try await compareVariables(app, source)
      try await useApp(app, name, visits: 1)
      let second = try await app.up()
      #expect(Set(second.values.map(\.action)).isSubset(of: ["verify", "directory"]))
      #expect(try await app.ps() == before)
      let variables = try await app.variables()
      #expect(try await app.drydock("down").status == 0)
      #expect(try await app.ps().values.allSatisfy { $0.status == "stopped" || $0.directory != nil })
      try await app.up()
      #expect(try await app.variables() == variables)
      try await useApp(app, name, visits: 2)
    }
  }

  /// Bug: its service was a program that ended, and was started again for ever.
  @Test("The quickstart is a page that shows every resource answering, one command away")
  func page() async throws {
    try await withApp("", AppOptions(runtime: "native", name: "quickstart")) { app in
      try copy(Self.folder.appending(path: "quickstart"), to: app)
      guard try await hasDrivers(app, "quickstart") else { return }
      let start = try await app.drydock("start", "--detach")
      try #require(start.status == 0, "\(start)")
      let services = try await app.drydock("ps", "--services", "--format", "json")
      let rows: [ServiceRow] = try services.decode()
      let url = try #require(rows.first?.url)
      let load = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=30).read().decode())"
      let page = try await app.program("/usr/bin/python3", "-c", load, url)
      #expect(page.status == 0 && page.stdout.contains("Every resource answers"), "\(page)")
      for resource in ["mydb", "orders", "legacy-db", "cache", "mem", "files"] {
        #expect(page.stdout.contains("<td>\(resource)"), "\(page.stdout)")
      }
      #expect(try await app.drydock("stop").status == 0)
      #expect(app.processes(naming: "web.py").isEmpty)
    }
  }

  /// A sample that was brought up by hand has folders, drydock's and Python's, which are no part of it.
  private func copy(_ source: URL, to app: AppFixture) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: source.path)
    for file in files where ![".drydock", "__pycache__"].contains(file) {
      try Data(contentsOf: source.appending(path: file)).write(to: app.folder.appending(path: file))
    }
  }

  private func hasDrivers(_ app: AppFixture, _ name: String) async throws -> Bool {
    let drivers = try await app.program(
      "/usr/bin/python3", "-c", "import psycopg2, pymysql, redis, pymemcache")
    if drivers.status != 0 {
      Self.say("the program of samples/\(name) is not run, its drivers are missing: \(drivers.stderr)")
    }
    return drivers.status == 0
  }

  private func compareVariables(_ app: AppFixture, _ source: URL) async throws {
    let text = try String(contentsOf: source.appending(path: "expected.env"), encoding: .utf8)
    var template = ExpectedVariables(text)
    for service in template.services.keys.sorted() {
      let problems = template.compare(service, try await app.variables(service))
      #expect(problems.isEmpty, "\(service)")
    }
  }

  /// Runs the sample's own program, which writes and reads through every resource.
  private func useApp(_ app: AppFixture, _ name: String, visits: Int) async throws {
    guard try await hasDrivers(app, name) else { return }
    let program = name == "two-services" ? "web.py" : "app.py"
    // Where nobody may mount, the samples find their directories by a variable.
    let run = MountNamespaces.arePermitted ? ["run"] : ["run", "--no-mounts"]
    let result = try await app.start(run + ["web", "--", "/usr/bin/python3", program]).result()
    #expect(result.status == 0, "\(result)")
    guard name == "quickstart" else { return }
    // All but memcached, which keeps nothing, count the visits of earlier runs.
    let rows = result.stdout.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }
    #expect(rows.count == 6)
    for row in rows where row[1] != "memcached" { #expect(row[3] == "\(visits)", "\(row)") }
  }

  private static func say(_ text: String) {
    FileHandle.standardError.write(Data("SKIPPED: \(text)\n".utf8))
  }
}

/// The variables in an `expected.env`, whose placeholders stand for one text each.
struct ExpectedVariables {
  private(set) var services: [String: [String: String]] = [:]
  private var known: [String: String] = [:]

  init(_ text: String) {
    var service = ""
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix("[") {
        service = String(line.dropFirst().dropLast())
        services[service] = [:]
      } else if let split = line.firstIndex(of: "=") {
        services[service]?[String(line[..<split])] = String(line[line.index(after: split)...])
      }
    }
  }

  /// What differs, in words.
  mutating func compare(_ service: String, _ actual: [String: String]) -> [String] {
    let wanted = services[service] ?? [:]
    var problems = Set(wanted.keys).symmetricDifference(actual.keys).sorted().map {
      wanted[$0] == nil ? "\($0) is set and not expected" : "\($0) is missing"
    }
    // Those that are a placeholder alone come first: they say what it stands for.
    for (name, template) in wanted.sorted(by: { ($0.value.count, $0.key) < ($1.value.count, $1.key) }) {
      guard let value = actual[name] else { continue }
      if !matches(template, value) { problems.append("\(name) is \(value), not \(template)") }
    }
    return problems
  }

  private mutating func matches(_ template: String, _ value: String) -> Bool {
    var rest = Substring(value)
    var pattern = Substring(template)
    while let open = pattern.firstIndex(of: "{"), let close = pattern.firstIndex(of: "}") {
      let literal = pattern[..<open]
      guard rest.hasPrefix(literal) else { return false }
      rest = rest.dropFirst(literal.count)
      let name = String(pattern[pattern.index(after: open)..<close])
      pattern = pattern[pattern.index(after: close)...]
      let text = known[name] ?? String(rest.prefix { $0 != pattern.first })
      guard !text.isEmpty, rest.hasPrefix(text) else { return false }
      known[name] = text
      rest = rest.dropFirst(text.count)
    }
    return rest == pattern
  }
}
