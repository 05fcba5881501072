import DrydockBase
import Essentials
import LocalFiles
package import MonotonicTime
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Containers that do not outlive a process: once that is gone, a small program kills and removes them by the Docker
/// Engine API. It does nothing as long as the process lives, and tries for a while where the engine does not answer.
package struct ContainerLeash: Sendable {
  private let folder: String
  private let watcher: ProcessIdentity

  /// What the watch says of itself in its lock file.
  private struct Word: Codable {
    var pid: Int32
    var start: UInt64
    /// What the containers must not outlive.
    var holder: ProcessIdentity?

    var watcher: ProcessIdentity { ProcessIdentity(pid: pid, start: start) }
  }

  /// Starts the watch, or takes over one for the same process. Containers of an earlier one, whose process has just ended,
  /// are removed before this returns.
  /// - Parameters:
  ///   - folder: A folder of its own, which exists.
  ///   - engineSocket: The engine's Unix socket.
  /// - Throws: `NativeProcessError` with `.keeperFailed` or `.fileUnusable`; `TimeoutError` where an earlier watch does not
  ///   end; `CancellationError`.
  package static func start(
    _ keeper: Keeper, folder: String, engineSocket: String, leash: Leash, until deadline: Deadline
  ) async throws -> ContainerLeash {
    let tool = Tool(
      executable: keeper.executable,
      arguments: ["--leash", "\(leash.process.pid)", "\(leash.process.start)", engineSocket, folder],
      environment: cleanEnvironment(inherited: [:]))
    var pause = Backoff()
    while true {
      do {
        let reply = try await tool.run(until: deadline).output
        return ContainerLeash(
          folder: folder, watcher: try JSONDecoder().decode(Word.self, from: Data(reply)).watcher)
      } catch let error as NativeProcessError where error.code == .commandFailed(.code(75)) {
        // sysexits: EX_TEMPFAIL.
        if let running = running(in: folder), running.holder == leash.process, running.watcher.isAlive {
          return ContainerLeash(folder: folder, watcher: running.watcher)
        }
        try await pause.sleep(until: deadline, "the end of an earlier watch over containers in \(folder)")
      } catch is DecodingError {
        throw NativeProcessError(.keeperFailed, "\(keeper.executable) did not answer as expected")
      }
    }
  }

  /// What holds the lock says who it is, also to one that comes after the one that started it.
  private static func running(in folder: String) -> Word? {
    guard let directory = try? DirectoryDescriptor(folder, followingLink: geteuid() != 0),
      let bytes = try? directory.read("leash.lock", limit: 1 << 10)
    else { return nil }
    return try? JSONDecoder().decode(Word.self, from: Data(bytes))
  }

  /// Adds a container by its id; one that is removed otherwise may stay on the list.
  /// - Throws: `NativeProcessError` with `.fileUnusable`.
  package func add(_ containerID: String) throws(NativeProcessError) {
    try ContainerList(folder: folder).add(containerID)
  }

  /// Ends the watch; the containers stay. A watch that does not end, or a list that cannot be removed, does no harm: whoever
  /// stops it has no containers any more.
  package func stop() async {
    ProcessTable.signal(watcher.pid, SIGTERM) { $0.start == watcher.start }
    let ending: Void? = try? await shieldedFromCancellation { [watcher] in
      try await watcher.waitForEnd(until: .after(.seconds(5)), "the end of the watch over containers")
    }
    guard ending != nil, let directory = try? DirectoryDescriptor(folder, followingLink: geteuid() != 0)
    else { return }
    try? directory.remove("containers")
  }
}
