/// How many processes a service has and how large they are, as Convox takes it.
package struct ServiceScaling: Sendable, Hashable, Codable {
  /// A number of processes, or a range of them.
  package struct Count: Sendable, Hashable, Codable {
    /// The fewest.
    package var min: Int
    /// The most.
    package var max: Int

    init(min: Int, max: Int) {
      self.min = min
      self.max = max
    }

    /// Exactly so many.
    init(_ number: Int) {
      self.init(min: number, max: number)
    }
  }

  /// How long scaling rests after a step, in seconds.
  package struct Cooldown: Sendable, Hashable, Codable {
    /// After one down.
    package var down: Int
    /// After one up.
    package var up: Int
  }

  /// How many processes.
  package var count = Count(1)
  /// The rests between steps.
  package var cooldown = Cooldown(down: 60, up: 60)
  /// The share of processors, 1024 for one.
  package var cpu = 256
  /// The memory, in megabytes.
  package var memory = 512
}

/// How a service is asked whether it is healthy, as Convox takes it.
package struct ServiceHealth: Sendable, Hashable, Codable {
  /// How long it has to become healthy, in seconds.
  package var grace = 5
  /// How often it is asked, in seconds.
  package var interval = 5
  /// What it is asked for.
  package var path = "/"
  /// How long it has to answer, in seconds.
  package var timeout = 4
}

/// How a service's image is built.
package struct ServiceBuild: Sendable, Hashable, Codable {
  /// The folder.
  package var path: String
  /// The Dockerfile in it.
  package var manifest: String
  /// The build's arguments, as `KEY` or `KEY=value`.
  package var args: [String]
}
