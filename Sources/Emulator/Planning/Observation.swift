import Engines
import Foundation

/// What is there of a resource, read from reality: held locks, a Docker engine's answers.
struct Observation: Sendable, Hashable {
  /// What the server is doing.
  enum Condition: Sendable, Hashable {
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
  var condition: Condition
  /// The process id of a native server.
  var processID: Int?
  /// The container's name.
  var container: String?
  /// Whether a data directory or volume of it exists.
  var hasData: Bool
  /// Whether it was told to stop and has not ended yet. A server that shuts down may answer to the last.
  var isStopping: Bool
  /// Whether its container is frozen.
  var isPaused = false
  /// Whether it runs although its folder or its data was removed.
  var isOrphaned = false

  /// The version of the server that made the data.
  var dataVersion: ServerVersion?

  /// An observation.
  init(
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
  var isRunning: Bool {
    if case .running = condition { return true }
    return false
  }
}
