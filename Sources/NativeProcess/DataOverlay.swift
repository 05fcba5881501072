import DrydockBase
import Essentials
import LocalFiles
package import MonotonicTime

/// A data directory in memory over a frozen one, which many share: only what is changed is copied, file by file.
///
/// It is seen by what is started in it alone. Its memory is freed once nothing of that runs, and the process that keeps it,
/// which ends with another one, has ended: so nothing can be left of it.
package struct DataOverlay: Sendable, Hashable {
  /// Whoever has these mounts.
  let keeper: ProcessIdentity

  /// Why there is none.
  package enum Refusal: Error, Sendable, Hashable {
    /// The system does not let it be, in its words.
    case system(String)
    /// The frozen directory is not as it was.
    case changed
    /// Somebody removes or replaces the frozen directory.
    case busy
  }

  /// Lays one over a frozen directory.
  /// - Parameters:
  ///   - frozen: A folder that its owner changes no more, in the folder whose `in-use` is held as long.
  ///   - measure: What `measure` told of it.
  ///   - data: An empty folder of the owner's.
  ///   - owner: Whose the frozen directory is, and who enters; nil for the user of this process.
  ///   - files: Where it is noted who keeps it.
  ///   - leash: What it must not outlive.
  /// - Throws: `Refusal`; `NativeProcessError`, `TimeoutError`, `CancellationError`.
  package static func lay(
    over frozen: String, measuring measure: String, at data: String, owner: ProcessUser?,
    files: SupervisedFiles,
    leash: Leash, by keeper: Keeper, until deadline: Deadline
  ) async throws -> DataOverlay {
    let tool = Tool(
      executable: keeper.executable,
      arguments: [
        "--overlay", "\(leash.process.pid)", "\(leash.process.start)", lockFile(files), frozen, measure, data,
        "\(owner?.userID ?? geteuid())", "\(owner?.groupID ?? getegid())",
      ], environment: cleanEnvironment(inherited: [:]))
    do {
      let reply = try await tool.run(until: deadline).output
      return DataOverlay(keeper: try JSONDecoder().decode(ProcessIdentity.self, from: Data(reply)))
    } catch let error as NativeProcessError {
      switch error.code {
      case .commandFailed(.code(65)): throw Refusal.changed
      case .commandFailed(.code(75)): throw Refusal.busy
      case .commandFailed(.code(69)): throw Refusal.system(error.lastLine)
      default: throw error
      }
    } catch is DecodingError {
      throw NativeProcessError(.keeperFailed, "\(keeper.executable) did not answer as expected")
    }
  }

  /// Lays one over a folder with one file, and ends it: whether the system lets that be is not to be guessed.
  /// - Parameters:
  ///   - folder: A new folder, in which the owner may pass; whoever made it removes it.
  ///   - owner: As in `lay`.
  /// - Throws: As `lay`.
  package static func attempt(
    in folder: String, owner: ProcessUser?, by keeper: Keeper, until deadline: Deadline
  ) async throws {
    let (frozen, data) = ("\(folder)/frozen", "\(folder)/data")
    for path in [frozen, data] {
      guard mkdir(path, 0o700) == 0 else { throw NativeProcessError.file(path, "make", lastErrno()) }
    }
    do throws(AtomicFileError) {
      try AtomicFile.write([0], to: "\(frozen)/file", mode: 0o600, onlyIfChanged: false)
    } catch {
      throw NativeProcessError(.keeperFailed, error.message, suggestion: error.suggestion)
    }
    if let owner, geteuid() == 0 {
      for path in [frozen, data, "\(frozen)/file"] { lchown(path, owner.userID, owner.groupID) }
    }
    let measure = try await measure(frozen, by: keeper, until: deadline)
    let overlay = try await lay(
      over: frozen, measuring: measure, at: data, owner: owner, files: SupervisedFiles(folder: folder),
      leash: try Leash.toThisProcess(), by: keeper, until: deadline)
    try await overlay.end(until: deadline)
  }

  /// The one that a server's data lies in; nil where it lies in none.
  package init?(of files: SupervisedFiles) {
    guard let bytes = contents(ofRegularFile: Self.lockFile(files), limit: 256),
      let found = try? JSONDecoder().decode(ProcessIdentity.self, from: Data(bytes)), found.isAlive
    else { return nil }
    keeper = found
  }

  private init(keeper: ProcessIdentity) { self.keeper = keeper }

  private static func lockFile(_ files: SupervisedFiles) -> String { "\(files.folder)/overlay.lock" }

  /// Gives it up, where nothing was started in it that runs.
  package func end(until deadline: Deadline) async throws {
    ProcessTable.signal(keeper.pid, SIGTERM) { $0.start == keeper.start }
    try await keeper.waitForEnd(until: deadline, "the end of an overlay")
  }

  /// What tells whether a frozen directory is as it was.
  /// - Throws: `NativeProcessError`, `TimeoutError`, `CancellationError`.
  package static func measure(_ frozen: String, by keeper: Keeper, until deadline: Deadline) async throws
    -> String
  {
    let tool = Tool(
      executable: keeper.executable, arguments: ["--measure", frozen],
      environment: cleanEnvironment(inherited: [:]))
    return String(try await tool.run(until: deadline).text.prefix { !$0.isNewline })
  }
}

extension NativeProcessError {
  /// The last words of a command that failed.
  fileprivate var lastLine: String { message.split(separator: "\n").last.map(String.init) ?? message }
}
