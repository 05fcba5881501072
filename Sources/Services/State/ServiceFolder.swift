package import AppState
import Essentials
package import NativeProcess

/// Where an instance keeps what belongs to its services: a folder beside its state, for the user alone.
package struct ServiceFolder: Sendable, Hashable {
  /// The folder.
  package let path: String

  /// The folder of an instance.
  package init(home: StateHome, id: String) {
    path = "\(home.instance(id))/services"
  }

  /// What was decided for services.
  var store: String { "\(path)/services.json" }
  /// Where the supervisor is spoken to.
  package var socket: String { "\(path)/control.sock" }
  /// What the supervisor says.
  package var events: String { "\(path)/events.log" }

  /// The folder of a replica, with what its keeper keeps.
  package func replica(_ replica: ServiceReplica) -> String { "\(path)/\(replica.name)" }

  /// The traces of a replica's process.
  package func files(_ replica: ServiceReplica) -> SupervisedFiles {
    SupervisedFiles(folder: self.replica(replica), kind: .service)
  }

  /// A replica's log.
  package func log(_ replica: ServiceReplica) -> LogSource {
    LogSource(name: replica.name, path: files(replica).logFile)
  }

  /// What a replica wrote last, in the life that began at a time.
  func lastWords(of replica: ServiceReplica, since begin: LogTime) -> [String] {
    lastLines(of: [log(replica)], 5).filter { $0.line.stream != .event && $0.line.time >= begin }
      .map(\.line.text)
  }

  /// Makes the folder.
  package func prepare() throws { try Folder.make(path, mode: 0o700) }

  /// Makes a replica's folder.
  func prepare(_ replica: ServiceReplica) throws { try Folder.make(self.replica(replica), mode: 0o700) }

  /// The replicas that ever ran, in order.
  package var replicas: [ServiceReplica] {
    FileManager.default.readableNames(in: path).compactMap(
      ServiceReplica.init(name:)
    ).sorted()
  }
}
