package import AppState
package import MonotonicTime
package import Planning

/// What became of one resource in an `up`.
package struct ResourceOutcome: Sendable, Hashable, Codable {
  /// The resource's name.
  package var resource: String
  package var type: String
  /// The version asked for.
  package var wantedVersion: String?
  /// The version that runs.
  package var version: String?
  /// Where it runs; nil for what is no server of ours.
  package var runtime: RuntimeKind?
  /// What it is now.
  package var status: ResourceStatus
  /// What was done.
  package var action: Plan.Action
  /// Its URL, the password masked.
  package var url: String?
  /// What differs from what was asked for.
  package var drift: String?
  /// What was changed in its data for safety's sake.
  package var notice: String?
  /// The options that got another value than the deployed one.
  package var changes: [OptionChange] = []
  /// How long it took, in seconds.
  package var seconds: Double
}

/// What a resource is, in one word.
package enum ResourceStatus: String, Sendable, Hashable, Codable {
  /// It answered as itself.
  case running
  /// Its process runs and does not answer yet.
  case starting
  /// Its process runs and answers wrongly.
  case unhealthy
  /// Its container is frozen.
  case paused
  /// It was told to stop, and has not ended yet.
  case stopping
  /// It ended by itself.
  case crashed
  /// It does not run.
  case stopped
  /// The manifest no longer names it.
  case removed
  /// A URL in the app env stands in for it.
  case external
  /// A created resource that is being made.
  case creating
  /// A created resource whose options are being changed, or that is being brought up.
  case updating
  /// A created resource that is being deleted.
  case deleting
  /// A created resource that an interrupted operation left without a healthy server.
  case failed
}

/// What `up` was asked to do besides the manifest.
package struct UpOptions: Sendable {
  /// The resources to bring up; nil for all.
  package var selected: Set<String>?
  /// When to give up.
  package var deadline: Deadline
  /// Whether to fetch nothing.
  package var isOffline: Bool
  /// Whether another version than the wanted one is an error.
  package var isStrict: Bool
  /// Ports by resource.
  package var ports: [String: Int]
  /// Whether to make the plan and stop there.
  package var isDryRun: Bool
  /// The resources whose options go on with the data where AWS would refuse.
  package var accepted: Set<String> = []
  /// Whether PostgreSQL is to refuse connections without TLS; nil leaves that as it was.
  package var forcesTLS: Bool?
  /// The app env to take, by the rack it is kept for; nil for the local one.
  package var rack: String?

  /// Options of an `up`.
  package init(
    selected: Set<String>? = nil, deadline: Deadline, isOffline: Bool = false, isStrict: Bool = false,
    ports: [String: Int] = [:], isDryRun: Bool = false, rack: String? = nil, forcesTLS: Bool? = nil
  ) {
    self.selected = selected
    self.deadline = deadline
    self.isOffline = isOffline
    self.isStrict = isStrict
    self.ports = ports
    self.isDryRun = isDryRun
    self.forcesTLS = forcesTLS
    self.rack = rack
  }
}
