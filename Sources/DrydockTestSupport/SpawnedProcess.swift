import Foundation
import MonotonicTime
import Synchronization

/// A child process in a process group of its own, with default signals and no other descriptors than its three.
///
/// Foundation's Process is not used here: it crashed now and then in a process with many threads.
final class SpawnedProcess: Sendable {
  let processID: Int32
  private let endings: AsyncStream<Void>
  private let waitStatus: Mutex<Int32?>

  /// Starts a program, looked for on the path of its environment; its input and outputs are files.
  init(
    _ words: [String], environment: [String: String], folder: String, input: String, output: String,
    error: String
  ) throws {
    let (endings, ended) = AsyncStream.makeStream(of: Void.self)
    self.endings = endings
    let pid = try Self.spawn(words, environment, folder, [input, output, error])
    processID = pid
    waitStatus = Mutex(nil)
    // A thread of its own waits, since nothing else tells of the end without a signal handler for all children.
    Thread.detachNewThread { [self] in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      waitStatus.withLock { $0 = status }
      ended.finish()
    }
  }

  /// Waits for the end.
  /// - Returns: The exit status; 128 and the signal's number for one that a signal ended.
  func status() async throws -> Int32 {
    for await _ in endings {}
    try Task.checkCancellation()
    let status = waitStatus.withLock { $0 } ?? 0
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
  }

  private static func spawn(
    _ words: [String], _ environment: [String: String], _ folder: String, _ files: [String]
  ) throws -> Int32 {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // Other tests' descriptors are not for this child; one that is closed by then already does no harm.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
    for number in open.compactMap({ Int32($0) }) where number > 2 {
      posix_spawn_file_actions_addclose(&actions, number)
    }
    var everySignal = sigset_t()
    var noSignal = sigset_t()
    sigfillset(&everySignal)
    sigemptyset(&noSignal)
    posix_spawnattr_setsigdefault(&attributes, &everySignal)
    posix_spawnattr_setsigmask(&attributes, &noSignal)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))
    // env goes to the folder, for which spawning has no portable way.
    let line = ["/usr/bin/env", "-C", folder] + words
    var arguments = line.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/usr/bin/env", &actions, &attributes, &arguments, &variables)
    guard code == 0 else { throw FixtureError("cannot start \(words): \(String(cString: strerror(code)))") }
    return pid
  }
}
