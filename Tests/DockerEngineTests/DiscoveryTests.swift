import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import DockerEngine

/// A home directory and a root of its own, removed afterwards.
private func withHome(_ body: (String) async throws -> Void) async throws {
  let home = "/tmp/dh-" + UUID().uuidString.prefix(12)
  try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: home) }
  try await body(home)
}

private func write(_ text: String, _ path: String) throws {
  let directory = URL(filePath: path).deletingLastPathComponent()
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  try Data(text.utf8).write(to: URL(filePath: path))
}

private func search(
  _ home: String, _ environment: [String: String] = [:], pingLimit: Duration = .seconds(20)
) -> EndpointDiscovery {
  EndpointDiscovery(
    environment: environment, home: home, userID: 4711, root: home + "/root", pingLimit: pingLimit)
}

/// Describes a context as the docker command does, under a directory name that is no digest.
private func describe(_ context: String, _ host: String, in home: String) throws {
  try write(
    #"{"Name":"\#(context)","Metadata":{},"Endpoints":{"docker":{"Host":"\#(host)","SkipTLSVerify":false}}}"#,
    "\(home)/.docker/contexts/meta/dir-\(context)/meta.json")
}

@Suite struct CandidateTests {
  @Test func theUsualPlacesInOrder() async throws {
    try await withHome { home in
      let found = search(home).candidates().map { "\($0.origin): \($0.address.replacing(home, with: "~"))" }
      #expect(
        found == [
          "default socket: ~/root/var/run/docker.sock",
          "rootless Docker: ~/root/run/user/4711/docker.sock",
          "Colima: ~/.colima/default/docker.sock",
          "Colima: ~/.config/colima/default/docker.sock",
          "OrbStack: ~/.orbstack/run/docker.sock",
          "Rancher Desktop: ~/.rd/docker.sock",
          "Podman: ~/root/run/user/4711/podman/podman.sock",
          "Podman: ~/root/run/podman/podman.sock",
          "Docker Desktop: ~/.docker/desktop/docker.sock",
          "Docker Desktop: ~/.docker/run/docker.sock",
        ])
    }
  }

  @Test func dockerHostIsTheOnlyOne() async throws {
    try await withHome { home in
      try describe("c", "unix:///c.sock", in: home)
      let found = search(home, ["DOCKER_HOST": "unix:///h.sock", "DOCKER_CONTEXT": "c"]).candidates()
      #expect(found == [EndpointCandidate(origin: .dockerHost, address: "unix:///h.sock")])
      #expect(found.first?.target == .socket(path: "/h.sock"))
    }
  }

  @Test func anEmptyDockerHostCountsAsNone() async throws {
    try await withHome { home in
      #expect(search(home, ["DOCKER_HOST": ""]).candidates().first?.origin == .defaultSocket)
    }
  }

  @Test func aNamedContextIsTheOnlyOne() async throws {
    try await withHome { home in
      try describe("other", "unix:///o.sock", in: home)
      try describe("mine", "unix:///m.sock", in: home)
      let found = search(home, ["DOCKER_CONTEXT": "mine"]).candidates()
      #expect(found.map(\.target) == [.socket(path: "/m.sock")])
      #expect(found.first?.origin == .context("mine"))
    }
  }

  @Test func theCurrentContextComesFirst() async throws {
    try await withHome { home in
      try write(#"{"auths":{},"currentContext":"mine"}"#, home + "/.docker/config.json")
      try describe("mine", "unix:///m.sock", in: home)
      let found = search(home).candidates()
      #expect(found.prefix(2).map(\.origin) == [.context("mine"), .defaultSocket])
      let standard = search(home, ["DOCKER_CONTEXT": "default"]).candidates()
      #expect(standard.first?.origin == .defaultSocket)
    }
  }

  @Test func anotherConfigurationDirectory() async throws {
    try await withHome { home in
      try write(#"{"currentContext":"gone"}"#, home + "/elsewhere/config.json")
      let found = search(home, ["DOCKER_CONFIG": home + "/elsewhere"]).candidates()
      #expect(found.first?.origin == .context("gone"))
      guard case .invalid? = found.first?.target else {
        Issue.record("a context that is not described has to be invalid")
        return
      }
    }
  }

  @Test(arguments: ["not json", "", "[]", #"{"currentContext":""}"#, #"{"currentContext":"default"}"#])
  func anyOtherConfigurationMeansTheDefault(_ text: String) async throws {
    try await withHome { home in
      try write(text, home + "/.docker/config.json")
      #expect(search(home).candidates().first?.origin == .defaultSocket)
    }
  }

  @Test func aSocketFoundTwiceIsAskedOnce() async throws {
    try await withHome { home in
      try write(#"{"currentContext":"colima"}"#, home + "/.docker/config.json")
      try describe("colima", "unix://\(home)/.colima/default/docker.sock", in: home)
      let found = search(home).candidates()
      #expect(found.map(\.origin).filter { $0 == .colima }.count == 1)
    }
  }

  @Test(arguments: [
    "tcp://build:2376", "ssh://me@host", "npipe:////./pipe/docker_engine", "http://h", "https://h",
  ])
  func remoteAddressesAreRefused(_ address: String) {
    guard case .remote(let reason) = EndpointCandidate(origin: .dockerHost, address: address).target else {
      Issue.record("\(address) was not refused")
      return
    }
    #expect(reason.contains(address))
  }

  @Test(arguments: ["", "nonsense", "unix://relative.sock", "ftp://x", "unix://"])
  func otherAddressesAreInvalid(_ address: String) {
    guard case .invalid = EndpointCandidate(origin: .dockerHost, address: address).target else {
      Issue.record("\(address) was taken")
      return
    }
  }
}

@Suite struct ResolveTests {
  private func kind(_ attempt: DiscoveryResult.Attempt?) -> DockerError.Unavailability? {
    guard case .unavailable(let kind, _)? = attempt?.outcome else { return nil }
    return kind
  }

  @Test func takesTheFirstThatAnswersAndTellsOfThoseBefore() async throws {
    try await StubDockerServer.run(StubDockerServer.engine()) { server in
      try await withHome { home in
        try write(#"{"currentContext":"far"}"#, home + "/.docker/config.json")
        try describe("far", "ssh://me@host", in: home)
        try FileManager.default.createDirectory(
          atPath: home + "/.colima/default", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
          atPath: home + "/.colima/default/docker.sock", withDestinationPath: server.socketPath)
        let result = await search(home).resolve(until: .generous)
        #expect(result.client?.endpoint.origin == .colima)
        #expect(result.error == nil)
        #expect(
          result.attempts.map(\.candidate.origin) == [.context("far"), .defaultSocket, .rootless, .colima])
        #expect(kind(result.attempts.first) == .remote)
        #expect(result.attempts.last?.outcome == .answered(version: "27.3.1", apiVersion: "1.47"))
      }
    }
  }

  @Test func anEngineThatHangsDoesNotHideAnother() async throws {
    try await StubDockerServer.run({ _ in .silence }) { hanging in
      try await StubDockerServer.run(StubDockerServer.engine()) { good in
        try await withHome { home in
          try write(#"{"currentContext":"slow"}"#, home + "/.docker/config.json")
          try describe("slow", "unix://\(hanging.socketPath)", in: home)
          let runtime = ["XDG_RUNTIME_DIR": home]
          try FileManager.default.createSymbolicLink(
            atPath: home + "/docker.sock", withDestinationPath: good.socketPath)
          let result = await search(home, runtime, pingLimit: .seconds(4)).resolve(until: .generous)
          #expect(result.client?.endpoint.origin == .rootless)
          #expect(kind(result.attempts.first) == .notAnswering)
        }
      }
      try await hanging.wait(until: .generous, "the connection to close") { $0.openConnections == 0 }
    }
  }

  /// The time limit is what catches a search that waits for its deadline instead of for its ping.
  @Test(.timeLimit(.minutes(1))) func tellsHangingFromStoppedFromRemote() async throws {
    try await StubDockerServer.run({ _ in .silence }) { hanging in
      try await withHome { home in
        let host = ["DOCKER_HOST": "unix://" + hanging.socketPath]
        let hangs = await search(home, host, pingLimit: .milliseconds(50)).resolve(
          until: .after(.seconds(3600)))
        #expect(hangs.error?.code == .engineUnavailable(.notAnswering))

        let stopped = await search(home, ["DOCKER_HOST": "unix://\(home)/none"]).resolve(until: .generous)
        #expect(stopped.error?.code == .engineUnavailable(.notRunning))

        let remote = await search(home, ["DOCKER_HOST": "tcp://build:2376"]).resolve(until: .generous)
        #expect(remote.error?.code == .engineUnavailable(.remote))
        #expect(Set([hangs, stopped, remote].map(\.error?.message)).count == 3)
      }
    }
  }

  @Test func aSocketFileWithoutAListenerIsNotRunning() async throws {
    try await withHome { home in
      try write("", home + "/root/var/run/docker.sock")
      let result = await search(home).resolve(until: .generous)
      #expect(kind(result.attempts.first) == .notRunning)
      #expect(result.error?.code == .engineUnavailable(.notRunning))
    }
  }

  @Test func anInstalledEngineWithoutASocketIsNotRunning() async throws {
    try await withHome { home in
      try write("#!/bin/sh\n", home + "/bin/podman")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: home + "/bin/podman")
      let result = await search(home, ["PATH": home + "/bin"]).resolve(until: .generous)
      #expect(kind(result.attempts.first { $0.candidate.origin == .podman }) == .notRunning)
      #expect(kind(result.attempts.first { $0.candidate.origin == .orbstack }) == .notInstalled)
    }
  }

  @Test func anEngineOfAnotherAgeIsSaidToBe() async throws {
    try await StubDockerServer.run(StubDockerServer.engine(api: "1.39")) { server in
      try await withHome { home in
        let host = ["DOCKER_HOST": "unix://" + server.socketPath]
        let result = await search(home, host).resolve(until: .generous)
        #expect(result.error?.code == .engineUnavailable(.tooOld))
      }
    }
  }

  @Test(arguments: [
    (
      [DockerError.Unavailability.notInstalled, .notRunning, .noPermission],
      DockerError.Unavailability.noPermission
    ),
    ([.notInstalled, .notRunning], .notRunning), ([.notInstalled], .notInstalled), ([], .notInstalled),
    ([.remote, .notInstalled, .notAnswering], .notAnswering),
  ])
  func givesTheReasonThatCanBeMended(
    _ reasons: [DockerError.Unavailability], _ expected: DockerError.Unavailability
  ) {
    let candidate = EndpointCandidate(origin: .defaultSocket, address: "/s")
    let attempts = reasons.map {
      DiscoveryResult.Attempt(candidate: candidate, outcome: .unavailable($0, "why"))
    }
    let error = DiscoveryResult(client: nil, attempts: attempts).error
    #expect(error?.code == .engineUnavailable(expected))
    #expect(error?.suggestion != nil)
  }
}
