import Foundation

/// The account an engine runs under: our own, or another one where we are root, which engines refuse.
struct EngineAccount: Sendable {
  private let identity: (user: uid_t, group: gid_t)?

  init(user name: String) throws {
    guard geteuid() == 0 else {
      identity = nil
      return
    }
    guard let entry = getpwnam(name) ?? getpwnam("nobody") else { throw FixtureError("no account \(name)") }
    identity = (entry.pointee.pw_uid, entry.pointee.pw_gid)
  }

  /// Hands a file or folder to the account.
  func own(_ url: URL) {
    if let identity { chown(url.path, identity.user, identity.group) }
  }

  /// Runs a program to its end, its output going to the folder's log.
  func run(_ command: [String], in folder: URL) async throws {
    let process = try prepare(command, in: folder)
    let ending = try await withCheckedThrowingContinuation { waiter in
      process.terminationHandler = { waiter.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { waiter.resume(throwing: error) }
    }
    guard ending == 0 else {
      let log = (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? ""
      throw FixtureError("\(command[0]) ended with \(ending): \(log.suffix(2000))")
    }
  }

  /// Runs a server as long as `body` runs.
  func serve<Value>(
    _ command: [String], in folder: URL, stop signal: Int32, _ body: (Int32) async throws -> Value
  ) async throws -> Value {
    let process = try prepare(command, in: folder)
    let (endings, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    let result: Result<Value, any Error>
    do { result = .success(try await body(process.processIdentifier)) } catch { result = .failure(error) }
    if process.isRunning { kill(process.processIdentifier, signal) }
    await awaitEnd(of: endings)
    return try result.get()
  }

  /// Waits for the stream's end even where the test was cancelled, so that no engine outlives its folder.
  private func awaitEnd(of endings: AsyncStream<Void>) async {
    // Unstructured on purpose: cancellation must not reach this wait.
    await Task { for await _ in endings {} }.value
  }

  private func prepare(_ command: [String], in folder: URL) throws -> Process {
    let process = Process()
    let prefix = identity.map {
      ["setpriv", "--reuid=\($0.user)", "--regid=\($0.group)", "--clear-groups", "--"]
    }
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = (prefix ?? []) + command
    process.currentDirectoryURL = folder
    process.environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC",
    ]
    process.standardInput = FileHandle.nullDevice
    let log = folder.appending(path: "log")
    if !FileManager.default.fileExists(atPath: log.path) {
      _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    }
    let handle = try FileHandle(forWritingTo: log)
    try handle.seekToEnd()
    process.standardOutput = handle
    process.standardError = handle
    return process
  }
}

/// Runs `body` with a fresh folder that belongs to the account, and removes it afterwards.
func withScratchFolder<Value>(
  user: String, _ body: (URL, EngineAccount) async throws -> Value
) async throws -> Value {
  let account = try EngineAccount(user: user)
  // Short, since Unix sockets lie in it; readable to us when root has handed it over.
  let folder = URL(fileURLWithPath: "/tmp/drydock-\(UUID().uuidString.prefix(13).lowercased())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: folder) }
  account.own(folder)
  return try await body(folder, account)
}

/// Writes a file that only its owner reads.
func writeFile(_ name: String, _ text: String, in folder: URL, _ account: EngineAccount) throws {
  let url = folder.appending(path: name)
  try Data(text.utf8).write(to: url)
  chmod(url.path, 0o600)
  account.own(url)
}
