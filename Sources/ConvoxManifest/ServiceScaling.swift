/// How many processes a service has and how large they are, as Convox takes it.
package struct ServiceScaling: Sendable, Hashable, Codable {
  /// A number of processes, or a range of them.
  package struct Count: Sendable, Hashable, Codable {
    /// The fewest, with which a service starts. 0 starts none; below that AWS refuses the deploy.
    package var min: Int
    /// The most, up to which AWS scales by `targets`; 0 for a range without an end.
    package var max: Int

    /// Between so many and so many.
    package init(min: Int, max: Int) {
      self.min = min
      self.max = max
    }

    /// Exactly so many.
    package init(_ number: Int) {
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
  /// Whether the file says how much memory; without, the number is AWS's default. No part of the JSON.
  package var isMemoryWritten = false

  /// A scale; what is not given is Convox's default.
  package init(
    count: Count = Count(1), cooldown: Cooldown = Cooldown(down: 60, up: 60), cpu: Int = 256,
    memory: Int? = nil
  ) {
    self.count = count
    self.cooldown = cooldown
    self.cpu = cpu
    self.memory = memory ?? 512
    isMemoryWritten = memory != nil
  }

  private enum CodingKeys: CodingKey {
    case count, cooldown, cpu, memory
  }
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
  /// v3's `disable:`: it is not asked; a v2 rack asks all the same. No part of the JSON.
  package var isDisabled = false

  /// Every five seconds for the path, which is Convox's default.
  package init(grace: Int = 5, interval: Int = 5, path: String = "/", timeout: Int = 4) {
    self.grace = grace
    self.interval = interval
    self.path = path
    self.timeout = timeout
  }

  private enum CodingKeys: CodingKey {
    case grace, interval, path, timeout
  }
}

/// How a service's image is built.
package struct ServiceBuild: Sendable, Hashable, Codable {
  /// The folder.
  package var path: String
  /// The Dockerfile in it.
  package var manifest: String
  /// The build's arguments, as `KEY` or `KEY=value`; Convox parses them and hands on none.
  package var args: [String]

  /// A build.
  package init(path: String = ".", manifest: String = "Dockerfile", args: [String] = []) {
    self.path = path
    self.manifest = manifest
    self.args = args
  }
}
