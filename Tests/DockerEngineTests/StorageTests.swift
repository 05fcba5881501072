import DrydockTestSupport
import MonotonicTime
import Testing

@testable import DockerEngine

@Suite struct StorageTests {
  @Test func makesAVolume() async throws {
    let json =
      #"{"Name":"v","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/m","CreatedAt":"2025-01-01T00:00:00Z"}"#
    try await withClient(answer: { _ in .reply(201, json) }) { client, server in
      let volume = try await client.createVolume("v", labels: ["a": "b"], until: .generous)
      #expect(volume.name == "v")
      #expect(volume.labels == ["a": "b"])
      let request = try #require(server.requests.last)
      #expect("\(request.method) \(request.target)" == "POST /v1.47/volumes/create")
      #expect(request.text == #"{"Driver":"local","Labels":{"a":"b"},"Name":"v"}"#)
    }
  }

  @Test func listsVolumesEvenWhereThereAreNone() async throws {
    try await withClient(answer: { _ in .reply(200, #"{"Volumes":null,"Warnings":null}"#) }) {
      client, server in
      let volumes = try await client.listVolumes(labels: ["a": "b"], until: .generous)
      #expect(volumes.isEmpty)
      #expect(server.requests.last?.query == ["filters": #"{"label":["a=b"]}"#])
    }
  }

  @Test func aVolumeInUseIsAConflict() async throws {
    try await withClient(answer: { _ in .reply(409, #"{"message":"volume is in use - [c1]"}"#) }) {
      client, server in
      let code = try await failure { try await client.removeVolume("v", until: .generous) }
      #expect(code == .conflict)
      #expect(server.requests.last?.method == "DELETE")
      #expect(server.requests.last?.target == "/v1.47/volumes/v")
    }
  }

  @Test func aVolumeThatIsNotThereIsNilOrNotFound() async throws {
    try await withClient(answer: { _ in .reply(404, #"{"message":"get v: no such volume"}"#) }) { client, _ in
      let volume = try await client.inspectVolume("v", until: .generous)
      #expect(volume == nil)
      let code = try await failure { try await client.removeVolume("v", until: .generous) }
      #expect(code == .notFound(.volume))
    }
  }

  @Test func makesANetworkOfItsOwnName() async throws {
    try await withClient(answer: { _ in .reply(201, #"{"Id":"n1","Warning":""}"#) }) { client, server in
      let id = try await client.createNetwork("net", labels: ["a": "b"], until: .generous)
      #expect(id == "n1")
      let request = try #require(server.requests.last)
      #expect("\(request.method) \(request.target)" == "POST /v1.47/networks/create")
      #expect(request.text == #"{"CheckDuplicate":true,"Driver":"bridge","Labels":{"a":"b"},"Name":"net"}"#)
    }
  }

  @Test func inspectsANetwork() async throws {
    let json =
      #"{"Id":"n1","Name":"net","Driver":"bridge","Labels":null,"Containers":{"c2":{"Name":"x"},"c1":{}}}"#
    try await withClient(answer: { _ in .reply(200, json) }) { client, _ in
      let network = try #require(try await client.inspectNetwork("net", until: .generous))
      #expect(network.containers == ["c1", "c2"])
      #expect(network.labels.isEmpty)
    }
  }

  @Test func connectsWithAliases() async throws {
    try await withClient(answer: { _ in .reply(200) }) { client, server in
      try await client.connect("c1", to: NetworkAttachment("net", aliases: ["db"]), until: .generous)
      #expect(server.requests.last?.target == "/v1.47/networks/net/connect")
      #expect(server.requests.last?.text == #"{"Container":"c1","EndpointConfig":{"Aliases":["db"]}}"#)
      try await client.disconnect("c1", from: "net", until: .generous)
      #expect(server.requests.last?.target == "/v1.47/networks/net/disconnect")
    }
  }
}
