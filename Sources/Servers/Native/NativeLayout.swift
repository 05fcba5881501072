import AppState
import DrydockBase
package import Engines
import Essentials
import LocalFiles
package import MonotonicTime
package import NativeProcess

/// The files of one native server.
package struct NativeLayout: Sendable {
  /// The server's own folder.
  package let folder: String
  /// Where its sockets are.
  package let sockets: String

  /// - Parameter sockets: Elsewhere than in `folder` where its path is too long for a socket.
  package init(folder: String, sockets: String) {
    self.folder = folder
    self.sockets = sockets
  }

  /// The data directory. It exists only when it is complete: it is built aside and renamed.
  package var data: String { "\(folder)/data" }
  /// The keeper's files.
  package var files: SupervisedFiles { SupervisedFiles(folder: "\(folder)/process") }

  /// The folder for the engine's own passing files.
  package var scratch: String { folders(data: data).scratch }
  /// What the first release kept here: MySQL's process number, and a password for clients.
  package static let formerFiles = ["server.pid", "client.cnf"]

  package func folders(data: String) -> NativeFolders {
    NativeFolders(folder: folder, data: data, sockets: sockets, caller: ProcessUser.current.name)
  }

  package func socket(_ launch: Launch) -> String? {
    launch.engine.socket(launch.request, folders(data: data))
  }

  private var versionFile: String { "\(folder)/data-version" }
  /// Tells a stop by drydock from a crash.
  package var stopMark: StopMark { StopMark(path: "\(folder)/stop-requested") }

  /// The version of the server that made the data.
  package var dataVersion: ServerVersion? {
    guard Folder.exists(data), let bytes = contents(ofRegularFile: versionFile, limit: 64) else { return nil }
    return ServerVersion(in: String(decoding: bytes, as: UTF8.self))
  }

  package func record(dataVersion: ServerVersion) throws {
    do {
      let directory = try DirectoryDescriptor(folder, followingLink: true)
      let name = URL(filePath: versionFile).lastPathComponent
      if let info = try directory.status(of: name), info.st_mode & S_IFMT == S_IFDIR {
        try directory.removeTree(name)
      }
      // Not synced, as the data is not.
      try directory.replace(name, with: Array("\(dataVersion)\n".utf8), mode: 0o644, isDurable: false)
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot write \(versionFile): \(error)", suggestion: WriteRemedy.elsewhere)
    }
  }

  /// The variable that tells every process of an initialisation, its children included, which directory it makes.
  package static let asideVariable = "DRYDOCK_INITIALISES"

  /// What marks the processes that make a data directory aside.
  package static func making(_ aside: String) -> [String: String] { [asideVariable: aside] }

  /// A path for a data directory that is being made.
  package func newAside() -> String { "\(folder)/data.new-\(InstanceDirectory.randomID())" }

  /// Makes the data count as unfinished before it is removed, so that a removal that is cut short leaves nothing that
  /// a server would start on.
  package func discardData() throws {
    guard rename(data, newAside()) != 0, errno != ENOENT else { return }
    throw Folder.failure("remove", data)
  }

  /// Removes data directories that an earlier run left half-made, and ends what may still be making them: after
  /// kill -9 an initialisation goes on.
  package func removeUnfinished(until deadline: Deadline) async throws {
    let names = FileManager.default.readableNames(in: folder)
    for aside in names where aside.hasPrefix("data.new-") {
      try await removeUnfinished("\(folder)/\(aside)", until: deadline)
    }
  }

  /// Again and again, as a process that was just being started when its run was killed shows up late.
  private func removeUnfinished(_ aside: String, until deadline: Deadline) async throws {
    let limit = deadline.capped(at: .seconds(10))
    var pause = Backoff(limit: .milliseconds(100))
    while true {
      try await endProcesses(withVariable: Self.asideVariable, aside, until: limit)
      do {
        return try await Folder.removeTree(aside)
      } catch {
        guard !limit.hasPassed else { throw error }
        try await pause.sleep(until: deadline, "the removal of \(aside)")
      }
    }
  }
}
