import AppState
import DrydockBase
import Engines
import Essentials
import MonotonicTime

/// A test run's claim on databases of servers that go on after it.
///
/// Its name is in the name of each such database, and a folder beside the instance's state says that the name is one of
/// ours: it is made before the first database, locked for as long as the run is there, and removed after the last database.
/// So whatever has no folder of its own there is somebody else's, however it is called.
struct SharedRun: ~Copyable {
  /// What every database of the run begins with.
  let database: String
  private let folder: String
  private let lock: InstanceLock

  private init(name: String, in parent: String, lock: consuming InstanceLock) {
    database = Self.database(name)
    folder = "\(parent)/\(name)"
    self.lock = lock
  }

  /// What every database of a run of that name begins with.
  static func database(_ name: String) -> String { "drydock_test_\(name)" }

  private static func parent(_ home: StateHome, _ instance: String) -> String {
    "\(home.instance(instance))/test-runs"
  }

  /// A new one on the servers of an instance.
  static func begin(_ home: StateHome, _ instance: String, until deadline: Deadline) async throws -> SharedRun
  {
    let parent = parent(home, instance)
    let name = InstanceDirectory.randomID()
    return SharedRun(
      name: name, in: parent, lock: try await InstanceLock.acquire("\(parent)/\(name)", until: deadline))
  }

  /// Those whose process is gone; each is this process's by now.
  static func left(_ home: StateHome, _ instance: String) -> [String] {
    let parent = parent(home, instance)
    let names = FileManager.default.readableNames(in: parent)
    return names.sorted().filter { isName($0) && !InstanceLock.isHeld("\(parent)/\($0)") }
  }

  /// Takes over one whose process is gone.
  /// - Returns: Nil where somebody else has done so.
  static func takeOver(_ name: String, _ home: StateHome, _ instance: String) -> SharedRun? {
    let parent = parent(home, instance)
    guard isName(name), let lock = InstanceLock.attempt("\(parent)/\(name)") else { return nil }
    return SharedRun(name: name, in: parent, lock: lock)
  }

  /// What `InstanceDirectory.randomID` makes, so that a folder of another name stands for nothing.
  private static func isName(_ text: String) -> Bool {
    text.utf8.count == 12
      && text.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
  }

  /// Drops a run's databases on these servers: its own, and those whose names go on behind a line below.
  /// - Throws: What the servers say.
  static func clear(_ database: String, _ servers: [SQLServer], until deadline: Deadline) async throws {
    for server in servers {
      var backoff = Backoff(limit: .milliseconds(100))
      while true {
        // A server goes on with what a client asked for that is gone, and shows the database once it is made.
        let isBusy = try await server.copies.isBusy(with: database, until: deadline)
        let found = try await server.copies.databases(beginningWith: database, until: deadline)
          .filter { $0.isExactly(database) || $0.beginsExactly(with: database + "_") }
        for name in found { try await server.copies.drop(name, until: deadline) }
        if !isBusy, found.isEmpty { break }
        if isBusy { try await backoff.sleep(until: deadline, "the end of \(database) on \(server.resource)") }
      }
    }
  }

  /// Forgets the run, once it has no database any more.
  consuming func end() throws { try Folder.remove(folder) }
}
