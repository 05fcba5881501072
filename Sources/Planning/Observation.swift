package import Engines
package import Essentials

/// What is there of a resource, read from reality: held locks, a Docker engine's answers.
package struct Observation: Sendable, Hashable {
  /// What the server is doing.
  package enum Condition: Sendable, Hashable {
    /// Nothing of it exists.
    case absent
    /// It exists and does not run.
    case stopped
    /// It ended by itself; with its exit code or signal.
    case crashed(String)
    /// Its process or container runs; whether it answers is for a probe to say.
    case running(since: Date?)
  }

  /// What the server is doing.
  package var condition: Condition
  /// The process id of a native server.
  package var processID: Int?
  /// The container's name.
  package var container: String?
  /// Whether a data directory or volume of it exists.
  package var hasData: Bool
  /// Whether it was told to stop and has not ended yet. A server that shuts down may answer to the last.
  package var isStopping: Bool
  /// Whether its container is frozen.
  package var isPaused = false
  /// Whether it runs although its folder or its data was removed.
  package var isOrphaned = false

  /// The version of the server that made the data.
  package var dataVersion: ServerVersion?

  /// An observation.
  package init(
    _ condition: Condition, processID: Int? = nil, container: String? = nil, hasData: Bool = false,
    dataVersion: ServerVersion? = nil, isStopping: Bool = false
  ) {
    self.dataVersion = dataVersion
    self.condition = condition
    self.processID = processID
    self.container = container
    self.hasData = hasData
    self.isStopping = isStopping
  }

  /// Whether its process or container runs.
  package var isRunning: Bool {
    if case .running = condition { return true }
    return false
  }
}
