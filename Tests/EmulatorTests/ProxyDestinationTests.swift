import AppStateTestSupport
import Engines
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import PortForwarding
@testable import Resources

/// Where proxies lead and listen.
@Suite struct ProxyDestinationTests {
  private let context = DrydockContext(
    environment: [:], currentDirectory: "/",
    home: StateHome(root: "/nowhere", engines: "/nowhere", sockets: "/nowhere"), catalog: .builtIn)

  private func target(_ type: String, port: Int? = 15001, url: String? = nil, options: [String: String] = [:])
    throws -> ResourceTarget
  {
    var owner = AppStateTestSupport.state()
    var record = ResourceRecord(type: type, administratorPassword: "", wantedVersion: "", options: options)
    record.port = port
    record.externalURL = url
    owner.resources["it"] = record
    return try ResourceLookup(context: context).target("it", app: owner)
  }

  @Test(arguments: [("postgres", 5432), ("mysql", 3306), ("redis", 6379), ("memcached", 11211)])
  func serversOnThisMachineAreProxiedAtTheEnginesPort(_ type: String, _ standard: Int) throws {
    let destination = try ForwardingDestination(try target(type), tls: false, context: context)
    #expect(destination.host == "127.0.0.1" && destination.port == 15001)
    #expect(destination.defaultPort == standard && destination.authorityFile == nil)
  }

  @Test func othersAtThePortOfTheirURL() throws {
    let named = try ForwardingDestination(
      try target("redis", url: "redis://:p@ss@cache.example.org:6380/0"), tls: false, context: context)
    #expect(named.host == "cache.example.org" && named.port == 6380 && named.defaultPort == 6380)
    let plain = try ForwardingDestination(
      try target("postgres", url: "postgres://a:b@db/x"), tls: false, context: context)
    #expect(plain.host == "db" && plain.port == 5432 && plain.defaultPort == 5432)
    let bare = try ForwardingDestination(
      try target("memcached", url: "mem:11300"), tls: false, context: context)
    #expect(bare.host == "mem" && bare.port == 11300)
  }

  @Test func tlsIsForWhatTakesItFromTheFirstByte() async throws {
    let encrypted = try target("redis", options: ["encrypted": "true"])
    let ours = try ForwardingDestination(encrypted, tls: true, context: context)
    #expect(ours.authorityFile == "/nowhere/ca/ca.pem")
    for type in ["redis", "memcached", "postgres", "mysql"] {
      let error = try await emulatorError {
        _ = try ForwardingDestination(try target(type), tls: true, context: context)
      }
      #expect(error.suggestion?.hasPrefix("leave --tls out") == true, "\(error)")
    }
  }

  @Test(arguments: ["redis://", "redis://:secret@host:99999/0"])
  func aURLThatLeadsNowhereIsShownWithoutItsPassword(_ url: String) async throws {
    let error = try await emulatorError {
      _ = try ForwardingDestination(try target("redis", url: url), tls: false, context: context)
    }
    #expect(error.message.contains("no host") && !error.message.contains("secret"), "\(error)")
  }
}
