import ConvoxEnvironment
import Testing

/// The table of variables, type by type.
private let table: [(ResourceEndpoint, [String])] = [
  (
    ResourceEndpoint(resource: "mydb", shape: .database(scheme: "postgres"), port: 15999, password: "pw"),
    ["postgres://app:pw@127.0.0.1:15999/app", "app", "pw", "127.0.0.1", "15999", "app"]
  ),
  (
    ResourceEndpoint(
      resource: "main", shape: .database(scheme: "mysql"), host: "db", port: 3306, user: "u",
      password: "p@/:", database: "d"),
    ["mysql://u:p@/:@db:3306/d", "u", "p@/:", "db", "3306", "d"]
  ),
  (
    ResourceEndpoint(resource: "cache", shape: .keyValue(scheme: "redis"), port: 6379, password: "pw"),
    ["redis://127.0.0.1:6379/0", "", "", "127.0.0.1", "6379/0", ""]
  ),
  (
    ResourceEndpoint(
      resource: "safe", shape: .keyValue(scheme: "redis"), port: 6379, password: "pw", encrypted: true),
    ["rediss://:pw@127.0.0.1:6379/0", "", ":pw@", "127.0.0.1", "6379/0", ""]
  ),
  (
    ResourceEndpoint(resource: "mem", shape: .hostPort, port: 11211, password: "pw"),
    ["127.0.0.1:11211", "", "", "127.0.0.1", "11211", ""]
  ),
  (
    ResourceEndpoint(
      resource: "far", shape: .database(scheme: "postgres"), port: 5, password: "pw",
      externalURL: "postgres://a:b@c/d"),
    ["postgres://a:b@c/d", "", "", "", "", ""]
  ),
]

@Suite struct ResourceEndpointTests {
  @Test(arguments: table)
  func hasSixVariables(endpoint: ResourceEndpoint, values: [String]) {
    let prefix = endpoint.resource.uppercased()
    let names = ["URL", "USER", "PASS", "HOST", "PORT", "NAME"].map { "\(prefix)_\($0)" }
    #expect(endpoint.variables.map(\.name) == names)
    #expect(endpoint.variables.map(\.value) == values)
    #expect(endpoint.url == values[0])
  }

  @Test func sharedDirectoriesHaveNone() {
    let endpoint = ResourceEndpoint(resource: "files", shape: .none, externalURL: "x")
    #expect(endpoint.variables.isEmpty)
    #expect(endpoint.url == nil && endpoint.maskedURL == nil)
    #expect(endpoint.value(forLinkVariable: "FILES_HOST") == "")
  }

  @Test(arguments: [
    ("my-db", "MY_DB_URL"), ("hasura_graphql_database", "HASURA_GRAPHQL_DATABASE_URL"), ("db2", "DB2_URL"),
    ("naïve.db", "NAÏVE.DB_URL"),
  ])
  func namesFollowTheResource(name: String, first: String) {
    let endpoint = ResourceEndpoint(resource: name, shape: .hostPort)
    #expect(endpoint.variables.first?.name == first)
  }

  @Test(arguments: [
    ("DB_URL", "postgres://app:pw@127.0.0.1:1/app"), ("PGPASS_PASS", "pw"), ("A_B_HOST", "127.0.0.1"),
    ("PORT", "1"), ("X_NAME", "app"), ("X_USER", "app"),
    ("DATABASE", "postgres://app:pw@127.0.0.1:1/app"), ("X_host", "postgres://app:pw@127.0.0.1:1/app"),
    ("PORT_", "postgres://app:pw@127.0.0.1:1/app"), ("", "postgres://app:pw@127.0.0.1:1/app"),
  ])
  func linkVariablesArePickedByTheirLastToken(name: String, value: String) {
    let endpoint = ResourceEndpoint(
      resource: "db", shape: .database(scheme: "postgres"), port: 1, password: "pw")
    #expect(endpoint.value(forLinkVariable: name) == value)
  }

  @Test(arguments: [
    (table[0].0, "postgres://app:****@127.0.0.1:15999/app"),
    (table[1].0, "mysql://u:****@db:3306/d"),
    (table[2].0, "redis://127.0.0.1:6379/0"),
    (table[3].0, "rediss://:****@127.0.0.1:6379/0"),
    (table[4].0, "127.0.0.1:11211"),
    (table[5].0, "postgres://a:****@c/d"),
  ])
  func masksThePassword(endpoint: ResourceEndpoint, masked: String) {
    #expect(endpoint.maskedURL == masked)
  }

  @Test(arguments: [
    ("postgres://u:p@h:5/d?sslmode=on", "postgres://u:****@h:5/d?sslmode=on"),
    ("postgres://u:p/w@x@h/d", "postgres://u:****@h/d"),
    ("postgres://u:p?x@h/d", "postgres://u:****@h/d"),
    ("postgres://u@h/d", "postgres://u@h/d"),
    ("postgres://h/d?user=u&PASSWORD=s&a=b", "postgres://h/d?user=u&PASSWORD=****&a=b"),
    ("postgres://h/d?email=a@b", "postgres://h/d?email=a@b"),
    ("redis://:p@h", "redis://:****@h"),
    ("u:p@h:1", "u:****@h:1"),
    ("redis://u:\u{301}p@\u{301}h?token=\u{301}t", "redis://u:****@\u{301}h?token=****"),
    ("h:1", "h:1"), ("", ""), ("://", "://"), ("a://:@", "a://:****@"),
  ])
  func masksAnyURL(url: String, masked: String) {
    #expect(maskingPassword(inURL: url) == masked)
  }
}
