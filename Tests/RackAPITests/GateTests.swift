import Testing

@testable import RackAPI

@Suite struct GateTests {
  @Test(arguments: ["127.0.0.1", "127.0.0.1:5443", "localhost", "LOCALHOST:1"])
  func `takes this machine's own names`(_ host: String) {
    #expect(Gate.isLocal(host[...]))
  }

  @Test(arguments: [
    "", "example.com", "127.0.0.1.example.com", "127.0.0.1:x", "localhost:1:2", "[::1]", "0.0.0.0",
  ])
  func `takes no other name`(_ host: String) {
    #expect(!Gate.isLocal(host[...]))
  }
}
