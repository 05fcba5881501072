import AppStateTestSupport
import ConvoxEnvironment
import ConvoxManifest
import Engines
import Testing

@testable import AppState
@testable import Resources

@Suite struct EndpointTests {
  private func known(_ type: String) throws -> (InstanceState, any Engine) {
    var state = AppStateTestSupport.state()
    var record = ResourceRecord(type: type, administratorPassword: "secret", wantedVersion: "", options: [:])
    record.port = ResourceCatalog.builtIn.engine(type)?.server == nil ? nil : 15001
    state.resources["my-db"] = record
    return (state, try #require(ResourceCatalog.builtIn.engine(type)))
  }

  @Test(arguments: [
    ("postgres", Viewpoint.host, "postgres://app:PW@127.0.0.1:15001/app"),
    ("postgres", .container, "postgres://app:PW@my-db:5432/app"),
    ("mysql", .host, "mysql://app:PW@127.0.0.1:15001/app"),
    ("mariadb", .container, "mysql://app:PW@my-db:3306/app"),
    ("redis", .host, "redis://127.0.0.1:15001/0"), ("redis", .container, "redis://my-db:6379/0"),
    ("memcached", .host, "127.0.0.1:15001"), ("memcached", .container, "my-db:11211"),
  ])
  func addressesAreSeenFromHostAndContainer(_ type: String, _ from: Viewpoint, _ expected: String) throws {
    let (state, engine) = try known(type)
    let endpoint = try #require(state.endpoint(of: "my-db", engine: engine, from: from))
    #expect(endpoint.url == expected.replacing("PW", with: state.resourcePassword))
    #expect(endpoint.maskedURL == expected.replacing("PW", with: "****"))
  }

  @Test func whatRunsElsewhereIsTheSameFromEverywhere() throws {
    var (state, engine) = try known("postgres")
    state.resources["my-db"]?.externalURL = "postgres://u:p@h/d"
    for viewpoint in Viewpoint.allCases {
      #expect(state.endpoint(of: "my-db", engine: engine, from: viewpoint)?.url == "postgres://u:p@h/d")
    }
  }

  @Test func whatNeverHadAPortHasNoAddress() throws {
    var (state, engine) = try known("redis")
    #expect(state.endpoint(of: "other", engine: engine) == nil)
    state.resources["my-db"]?.port = nil
    #expect(state.endpoint(of: "my-db", engine: engine) == nil)
    let (files, efs) = try known("efs")
    #expect(files.endpoint(of: "my-db", engine: efs) == nil)
  }
}
