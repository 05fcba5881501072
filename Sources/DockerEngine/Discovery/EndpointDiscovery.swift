import Essentials
package import MonotonicTime

/// Finds the Docker Engine of this machine.
///
/// The order: `DOCKER_HOST`; `DOCKER_CONTEXT`, else the current context of config.json; the default socket;
/// rootless Docker; Colima; OrbStack; Rancher Desktop; Podman; Docker Desktop. Where `DOCKER_HOST` or
/// `DOCKER_CONTEXT` is set, nothing else counts: to use another engine than the one named would surprise.
package struct EndpointDiscovery: Sendable {
  private let environment: [String: String]
  private let home: String
  private let userID: UInt32
  private let contexts: DockerContexts
  /// Put before the absolute paths of sockets, so that tests need not touch the machine's own.
  private let root: String
  /// How long one engine may take to answer.
  private let pingLimit: Duration

  /// A search with the facts it depends on.
  /// - Parameters:
  ///   - environment: the process's variables.
  ///   - home: the user's home directory.
  ///   - userID: the user's numeric id.
  ///   - configDirectory: the docker command's; nil for `DOCKER_CONFIG`, else `~/.docker`.
  ///   - root: put before `/var/run` and `/run`.
  ///   - pingLimit: how long one engine may take to answer.
  package init(
    environment: [String: String], home: String, userID: UInt32, configDirectory: String? = nil,
    root: String = "",
    pingLimit: Duration = .seconds(2)
  ) {
    self.environment = environment.filter { !$0.value.isEmpty }
    self.home = home
    self.userID = userID
    self.contexts = DockerContexts(
      directory: configDirectory ?? self.environment["DOCKER_CONFIG"] ?? home + "/.docker")
    self.root = root
    self.pingLimit = pingLimit
  }

  /// The places to ask, in order, each socket once.
  package func candidates() -> [EndpointCandidate] {
    if let host = environment["DOCKER_HOST"] {
      return [EndpointCandidate(origin: .dockerHost, address: host)]
    }
    if let name = environment["DOCKER_CONTEXT"], name != "default" { return [candidate(context: name)] }
    let current = environment["DOCKER_CONTEXT"] == nil ? contexts.current : nil
    let named = current.flatMap { $0 == "default" ? nil : [candidate(context: $0)] } ?? []
    let usual = usualSockets.map { EndpointCandidate(origin: $0.origin, address: $0.path) }
    var seen: Set<EndpointCandidate.Target> = []
    return (named + usual).filter { seen.insert($0.target).inserted }
  }

  private func candidate(context name: String) -> EndpointCandidate {
    guard let address = contexts.address(of: name) else {
      return EndpointCandidate(
        origin: .context(name), address: "",
        target: .invalid(reason: "the Docker context \"\(name)\" is not described in \(contexts.directory)"))
    }
    return EndpointCandidate(origin: .context(name), address: address)
  }

  private var usualSockets: [(origin: DockerEndpoint.Origin, path: String)] {
    let runtime = environment["XDG_RUNTIME_DIR"] ?? "\(root)/run/user/\(userID)"
    return [
      (.defaultSocket, root + "/var/run/docker.sock"),
      (.rootless, runtime + "/docker.sock"),
      (.colima, home + "/.colima/default/docker.sock"),
      (.colima, home + "/.config/colima/default/docker.sock"),
      (.orbstack, home + "/.orbstack/run/docker.sock"),
      (.rancher, home + "/.rd/docker.sock"),
      (.podman, runtime + "/podman/podman.sock"),
      (.podman, root + "/run/podman/podman.sock"),
      (.desktop, home + "/.docker/desktop/docker.sock"),
      (.desktop, home + "/.docker/run/docker.sock"),
    ]
  }

  /// Asks all places at once and takes the first in order that answers, so that several engines that hang
  /// cost no more time than one.
  package func resolve(until deadline: Deadline) async -> DiscoveryResult {
    let candidates = candidates()
    let limit = deadline.capped(at: pingLimit)
    return await withTaskGroup(of: (Int, Probe).self) { group in
      for (index, candidate) in candidates.enumerated() {
        group.addTask {
          let answer = await probe(candidate, until: limit)
          return (index, answer)
        }
      }
      defer { group.cancelAll() }
      var probes: [Int: Probe] = [:]
      while let (index, probe) = await group.next() {
        probes[index] = probe
        if let winner = winner(probes) { return result(candidates, probes, upTo: winner) }
      }
      return result(candidates, probes, upTo: candidates.count - 1)
    }
  }

  /// The first candidate that answered, once all before it are known not to.
  private func winner(_ probes: [Int: Probe]) -> Int? {
    var index = 0
    while let probe = probes[index] {
      if probe.client != nil { return index }
      index += 1
    }
    return nil
  }

  private func result(_ candidates: [EndpointCandidate], _ probes: [Int: Probe], upTo last: Int)
    -> DiscoveryResult
  {
    let attempts = candidates.enumerated().prefix(last + 1).compactMap { index, candidate in
      probes[index].map { DiscoveryResult.Attempt(candidate: candidate, outcome: $0.outcome) }
    }
    return DiscoveryResult(client: probes[last]?.client, attempts: attempts)
  }

  private struct Probe: Sendable {
    let client: DockerClient?
    let outcome: DiscoveryResult.Outcome
  }

  @concurrent
  private func probe(_ candidate: EndpointCandidate, until deadline: Deadline) async -> Probe {
    switch candidate.target {
    case .remote(let reason): return Probe(client: nil, outcome: .unavailable(.remote, reason))
    case .invalid(let reason): return Probe(client: nil, outcome: .unavailable(.invalid, reason))
    case .socket(let path):
      do {
        let endpoint = DockerEndpoint(socketPath: path, origin: candidate.origin)
        let client = try await DockerClient.connect(to: endpoint, until: deadline)
        return Probe(
          client: client, outcome: .answered(version: client.engine.version, apiVersion: client.apiVersion))
      } catch {
        return Probe(client: nil, outcome: outcome(of: error, candidate.origin, path))
      }
    }
  }

  private func outcome(
    of error: any Error, _ origin: DockerEndpoint.Origin, _ path: String
  ) -> DiscoveryResult.Outcome {
    guard let error = error as? DockerError else {
      return .unavailable(.notAnswering, "the search was cancelled")
    }
    switch error.code {
    case .engineUnavailable(.notRunning):
      let isThere = FileManager.default.fileExists(atPath: path) || InstalledEngines(environment).has(origin)
      return .unavailable(isThere ? .notRunning : .notInstalled, error.message)
    case .engineUnavailable(let reason): return .unavailable(reason, error.message)
    case .timedOut:
      return .unavailable(.notAnswering, "the Docker engine at \(path) accepts but does not answer")
    default: return .unavailable(.invalid, error.message)
    }
  }
}
