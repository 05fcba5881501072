package import Foundation

/// An app in a folder of its own, with a drydock home of its own, on which the built drydock is run.
package struct AppFixture: Sendable {
  /// Everything of the test: the app, the home, the commands' output.
  package let root: URL
  /// The app's folder.
  package var folder: URL
  /// The folder named by DRYDOCK_HOME.
  package var home: URL
  /// The environment of its commands.
  package var environment: [String: String]
  /// Words put before each command: a change of user, say.
  package var prefix: [String] = []
  /// The program to run; nil for the one that was built with the tests.
  package var drydockPath: String?

  /// Writes the app's convox.yml.
  package func write(manifest: String) throws { try write(manifest, to: "convox.yml") }

  /// Writes a file of the app.
  package func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  /// A file of the app; nil when there is none.
  package func read(_ name: String) -> String? {
    (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Runs drydock to its end.
  package func drydock(
    _ arguments: String..., environment: [String: String] = [:], input: String = ""
  ) async throws -> CommandResult {
    try await start(arguments, environment: environment, input: input).result()
  }

  /// Starts drydock and leaves it running; with `tool`, the first word is another program.
  package func start(
    _ arguments: [String], environment: [String: String] = [:], input: String = "", tool: Bool = false
  ) throws -> RunningCommand {
    if tool { return try start(words: arguments, environment, input) }
    let program = try drydockPath ?? BuiltProducts.executable("drydock")
    return try start(words: [program] + arguments, environment, input)
  }

  /// Runs another program to its end in the app's folder.
  package func program(
    _ words: String..., environment: [String: String] = [:], input: String = ""
  ) async throws -> CommandResult {
    try await start(words: words, environment, input).result()
  }

  private func start(
    words: [String], _ additions: [String: String], _ input: String
  ) throws -> RunningCommand {
    let command = CommandInvocation(
      prefix + words, environment: environment.merging(additions) { $1 }, folder: folder, input: input)
    let scratch = root.appending(path: "output/\(UUID().uuidString)")
    return try RunningCommand(command, scratch: scratch)
  }

  /// The ids of all instances of the home.
  package var instances: [String] {
    let path = home.appending(path: "instances").path(percentEncoded: false)
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// The same home and environment with the app in another folder.
  package func inFolder(_ other: URL) -> AppFixture {
    var copy = self
    copy.folder = other
    return copy
  }
}

/// How a fixture is made.
package struct AppOptions: Sendable {
  /// The runtime, by DRYDOCK_RUNTIME; nil leaves the choice to drydock.
  package var runtime: String?
  /// The app folder's name.
  package var name = "app"
  /// The home's path inside the fixture's folder.
  package var home = "home"
  /// Further variables; an empty value removes one.
  package var environment: [String: String] = [:]
  /// Whether engines will run, so that it waits until not too many do.
  package var isHeavy = true

  /// The usual fixture, on a runtime.
  package init(
    runtime: String? = nil, name: String = "app", home: String = "home",
    environment: [String: String] = [:], isHeavy: Bool = true
  ) {
    self.runtime = runtime
    self.name = name
    self.home = home
    self.environment = environment
    self.isHeavy = isHeavy
  }
}

/// Runs `body` with an app of that manifest; afterwards everything is taken down, and what was left behind is
/// an error. `DRYDOCK_KEEP_TESTS=1` keeps the folder with all output.
package func withApp<Value: Sendable>(
  _ manifest: String, _ options: AppOptions = AppOptions(),
  _ body: @Sendable (AppFixture) async throws -> Value
) async throws -> Value {
  if options.isHeavy { try await AppSlots.shared.enter() }
  let result: Result<Value, any Error>
  do {
    result = .success(try await runApp(manifest, options, body))
  } catch {
    result = .failure(error)
  }
  if options.isHeavy { await AppSlots.shared.leave() }
  return try result.get()
}

private func runApp<Value: Sendable>(
  _ manifest: String, _ options: AppOptions, _ body: @Sendable (AppFixture) async throws -> Value
) async throws -> Value {
  let app = try makeApp(options)
  try app.write(manifest: manifest)
  let outcome: Result<Value, any Error>
  do { outcome = .success(try await body(app)) } catch { outcome = .failure(error) }
  // Cancellation of the test must not reach the clean-up, hence the task of its own.
  let leaks = await Task { await cleanUp(app) }.value
  switch (outcome, leaks.isEmpty) {
  case (.success(let value), true): return value
  case (.success, false): throw FixtureError("left behind:\n" + leaks.joined(separator: "\n"))
  case (.failure(let error), true): throw error
  case (.failure(let error), false):
    throw FixtureError("\(error)\nand left behind:\n" + leaks.joined(separator: "\n"))
  }
}

private func makeApp(_ options: AppOptions) throws -> AppFixture {
  // Short, and open to all: engines of root drop to another user, who has to get in.
  let name = "drydock-it-\(UUID().uuidString.prefix(8).lowercased())"
  let root = URL(filePath: "/tmp/\(name)").standardizedFileURL
  let folder = root.appending(path: options.name)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  chmod(root.path(percentEncoded: false), 0o755)
  let home = root.appending(path: options.home)
  var environment = ProcessInfo.processInfo.environment.filter {
    !$0.key.hasPrefix("DRYDOCK_") && !$0.key.hasPrefix("PG")
  }
  environment["DRYDOCK_HOME"] = home.path(percentEncoded: false)
  // Not below a home that a test closes: what root then keeps elsewhere would stay.
  environment["XDG_CACHE_HOME"] = root.appending(path: "cache").path(percentEncoded: false)
  environment["DRYDOCK_RUNTIME"] = options.runtime
  // As on a user's machine, wherever the tests run.
  environment["CI"] = nil
  // A test that is not about it gets no process in the background.
  environment["DRYDOCK_SPARES"] = "0"
  for (name, value) in options.environment { environment[name] = value.isEmpty ? nil : value }
  return AppFixture(root: root, folder: folder, home: home, environment: environment)
}

extension AppFixture {
  /// Becomes the user whose home it is, where root lowered the app: root changes nothing in a home of others.
  fileprivate mutating func actAsOwner() {
    var info = stat()
    let path = home.appending(path: "instances").path(percentEncoded: false)
    guard geteuid() == 0, stat(path, &info) == 0, info.st_uid != 0 else { return }
    prefix = ["setpriv", "--reuid=\(info.st_uid)", "--regid=\(info.st_gid)", "--clear-groups", "--"]
    let copied = root.appending(path: "drydock").path(percentEncoded: false)
    if FileManager.default.fileExists(atPath: copied) { drydockPath = copied }
  }
}

private func cleanUp(_ app: AppFixture) async -> [String] {
  let check = LeakCheck(app)
  var problems: [String] = []
  do {
    var safe = app
    if !FileManager.default.fileExists(atPath: app.folder.path(percentEncoded: false)) {
      safe = app.inFolder(app.root)
    }
    if !app.instances.isEmpty {
      safe.actAsOwner()
      let down = try await safe.drydock("down", "--all", "--delete-data", "--yes")
      if down.status != 0 { problems.append("down failed: \(down)") }
    }
  } catch {
    problems.append("down failed: \(error)")
  }
  problems += await check.leaks()
  await check.removeAll()
  if ProcessInfo.processInfo.environment["DRYDOCK_KEEP_TESTS"] == "1" {
    FileHandle.standardError.write(Data("kept: \(app.root.path(percentEncoded: false))\n".utf8))
  } else {
    try? FileManager.default.removeItem(at: app.root)
  }
  return problems
}
