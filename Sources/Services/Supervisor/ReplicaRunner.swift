package import Essentials
package import MonotonicTime
package import NativeProcess

/// What starts, finds again, awaits and stops the replicas of a service: as processes or in containers.
package protocol ReplicaRunner: Sendable {
  /// What runs already, as a supervisor before this one left it; nil where nothing does.
  func find(_ replica: ServiceReplica) async throws -> RunningReplica?

  /// Starts a replica of which nothing runs, and returns once its program has been executed.
  func start(_ replica: ServiceReplica, until deadline: Deadline) async throws -> RunningReplica

  /// Waits for the end of one that runs, until the task is cancelled.
  func ending(of replica: ServiceReplica) async throws -> ReplicaEnd

  /// Where a command goes that is to run beside one that runs.
  func place(of replica: ServiceReplica) async throws -> ReplicaAccess.Place

  /// Ends one: SIGTERM first, SIGKILL where it has not ended after its grace. Nothing of it is left then. One that does
  /// not run is fine.
  /// - Parameter grace: How long it has; nil for what the manifest gives it.
  func stop(_ replica: ServiceReplica, grace: Duration?) async throws
}

/// A replica that runs.
package struct RunningReplica: Sendable, Hashable {
  /// The process's number, or the beginning of the container's id.
  package var id: String
  /// When it was started, by the wall clock.
  package var startedAt: Date
  /// Where it is going to listen; nil for a service without a port.
  package var endpoint: ReplicaEndpoint?
  /// Where it listens besides, by the port that its program binds.
  package var furtherEndpoints: [Int: ReplicaEndpoint] = [:]

  /// A replica that runs.
  package init(id: String, startedAt: Date, endpoint: ReplicaEndpoint?) {
    self.id = id
    self.startedAt = startedAt
    self.endpoint = endpoint
  }
}

/// How a replica ended.
package struct ReplicaEnd: Sendable, Hashable {
  /// Its code or signal.
  package var reason: ExitReason
  /// More than that, such as "out of memory"; nil for nothing.
  package var words: String?
  /// The last lines that it wrote.
  package var lastLines: [String]

  /// An end.
  package init(reason: ExitReason, words: String? = nil, lastLines: [String] = []) {
    self.reason = reason
    self.words = words
    self.lastLines = lastLines
  }

  /// The status by which a command ends that has this as its result, as a shell has it.
  package var status: Int32 {
    switch reason {
    case .code(let code): code
    case .signal(let signal): 128 + signal
    case .unknown: 1
    }
  }

  /// As a person says it.
  package var description: String { words ?? reason.description }
}
