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

/// Sees to it that a folder and all that works in it go with a process, however that ends: a small program kills what
/// works there and removes the folder. It is told to do the same where the process ends in order, so that there is one way.
///
/// Containers that were added are removed first.
package struct FolderGuard: Sendable {
  /// The folder's real path.
  package let folder: String
  private let watcher: ProcessIdentity

  /// Binds others to the guard: they end once it is gone, also where somebody killed it.
  package var leash: Leash { Leash(watcher) }

  /// Starts one.
  /// - Parameters:
  ///   - folder: The real path of a folder that nobody but this user can write in.
  ///   - leash: Whose end is waited for; nil for one whose end has been, so that the folder goes at once.
  /// - Throws: `NativeProcessError` with `.keeperFailed`, or `.commandFailed` by 75 where the folder is guarded already.
  package static func start(
    _ keeper: Keeper, folder: String, leash: Leash?, until deadline: Deadline
  ) async throws -> FolderGuard {
    // A process of the largest number there is has never been.
    let holder = leash?.process ?? ProcessIdentity(pid: .max, start: 1)
    let tool = Tool(
      executable: keeper.executable,
      arguments: ["--guard", "\(holder.pid)", "\(holder.start)", folder],
      environment: cleanEnvironment(inherited: [:]))
    let reply = try await tool.run(until: deadline).output
    do {
      return FolderGuard(
        folder: folder, watcher: try JSONDecoder().decode(ProcessIdentity.self, from: Data(reply)))
    } catch {
      throw NativeProcessError(.keeperFailed, "\(keeper.executable) did not answer as expected")
    }
  }

  /// The one that guards a folder now; nil where there is none.
  package init?(of folder: String) {
    guard let bytes = contents(ofRegularFile: "\(folder)/guard.lock", limit: 256),
      let found = try? JSONDecoder().decode(ProcessIdentity.self, from: Data(bytes)), found.isAlive
    else { return nil }
    self.init(folder: folder, watcher: found)
  }

  private init(folder: String, watcher: ProcessIdentity) {
    self.folder = folder
    self.watcher = watcher
  }

  /// Adds a container by its name, before it is made: so there is none that nobody knows of.
  /// - Parameter engineSocket: The Unix socket of the Docker engine that has it.
  /// - Throws: `NativeProcessError` with `.fileUnusable`.
  package func add(container name: String, engineSocket: String) throws(NativeProcessError) {
    do throws(AtomicFileError) {
      try AtomicFile.write(
        Array(engineSocket.utf8), to: "\(folder)/engine-socket", mode: 0o600, onlyIfChanged: true)
    } catch {
      throw NativeProcessError(.keeperFailed, error.message, suggestion: error.suggestion)
    }
    try ContainerList(folder: folder).add(name)
  }

  /// Has the folder stay when the process ends, until `clear`.
  /// - Throws: `NativeProcessError` with `.fileUnusable`.
  package func keep() throws(NativeProcessError) {
    let path = "\(folder)/keep"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .file(path, "write", lastErrno()) }
    close(descriptor)
  }

  /// Has the folder go, and waits until it is gone. It is not cancelled.
  /// - Throws: `NativeProcessError` with `.cannotStop` where something of it stays.
  package func clear() async throws {
    ProcessTable.signal(watcher.pid, SIGTERM) { $0.start == watcher.start }
    try await shieldedFromCancellation {
      try await watcher.waitForEnd(until: .after(.seconds(40)), "the removal of \(folder)")
    }
    var info = stat()
    guard lstat(folder, &info) == 0 else { return }
    throw NativeProcessError(.cannotStop, "\(folder) cannot be removed", suggestion: "look at what is in it")
  }
}
