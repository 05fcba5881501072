import AppStateTestSupport
import DrydockTestSupport
import Engines
import ServersTestSupport
import Testing

@testable import DrydockBase
@testable import Servers

/// drydock in a container that was given the host's Docker socket.
@Suite struct OwnContainerTests {
  private static let id = String(repeating: "f87c75312ef08422", count: 4)
  private static let other = String(repeating: "0123456789abcdef", count: 4)

  static let places: [(String, String, [String])] = [
    (
      """
      219 123 0:83 / / rw,relatime master:6 - overlay overlay rw,upperdir=/var/lib/docker/overlay2/\(other)/diff
      259 219 254:0 /var/lib/docker/containers/\(id)/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw
      260 219 254:0 /var/lib/docker/containers/\(id)/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw
      """, "0::/\n", [id]
    ),
    (
      "9 8 0:2 /containers/storage/overlay-containers/\(id)/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw",
      "",
      [id]
    ),
    ("", "12:pids:/docker/\(id)\n0::/system.slice/docker-\(id).scope\n", [id]),
    ("30 1 254:0 / / rw - ext4 /dev/vda rw\n31 30 0:5 / /dev rw - devtmpfs udev rw", "0::/user.slice\n", []),
    ("", "", []),
  ]

  @Test(arguments: places)
  func itsIdIsFound(_ mounts: String, _ groups: String, _ ids: [String]) {
    #expect(OwnContainer(mounts: mounts, groups: groups).ids == ids)
  }

  private func container(_ mode: String) -> StubResponse {
    .reply(
      200,
      """
      {"Id":"\(Self.id)","Name":"/devcontainer","Image":"sha256:1","State":{"Status":"running","Running":true},
      "Config":{"Image":"dev"},"HostConfig":{"NetworkMode":"\(mode)"}}
      """)
  }

  /// Bug: the whole timeout was waited for, and no reason given.
  @Test(arguments: [
    ("bridge", nil as String?, false), ("my_network", nil, false), ("host", nil, true),
    ("container:\(other)", "bridge", false), ("container:\(other)", "host", true),
    ("container:gone", nil, true),
  ])
  func itsNetworkDecides(_ mode: String, _ othersMode: String?, _ isInReach: Bool) async throws {
    var answers = ["GET /containers/\(Self.id)/json": container(mode)]
    answers["GET /containers/\(Self.other)/json"] = othersMode.map(container)
    try await DockerStub(answers: answers).run { runtime, _, _ in
      var runtime = runtime
      runtime.ownContainer = OwnContainer(ids: [Self.other + "0", Self.id])
      if isInReach { return try await runtime.refuseOutOfReach() }
      let error = try await emulatorError { try await runtime.refuseOutOfReach() }
      #expect(error.code == .unavailable)
      #expect(error.message.contains("container devcontainer"))
      #expect(error.suggestion?.contains("--network host") == true)
    }
  }

  /// As a container of another engine is, or none at all.
  @Test func whatTheEngineDoesNotKnowIsNoMatter() async throws {
    try await DockerStub().run { runtime, calls, _ in
      var runtime = runtime
      for ids in [[], [Self.id]] {
        runtime.ownContainer = OwnContainer(ids: ids)
        try await runtime.refuseOutOfReach()
      }
      #expect(calls() == ["GET /containers/\(Self.id)/json"])
    }
  }
}
