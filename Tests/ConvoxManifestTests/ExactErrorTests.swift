import ConvoxManifest
import Testing

@Suite("Convox's own errors, each at its place")
struct ExactErrorTests {
  @Test(
    "The error and where it is",
    arguments: [
      ("resources:\n  db:\n", ["2:3 resource type can not be blank"]),
      ("resources:\n  db: {}\n", ["2:3 resource type can not be blank"]),
      ("resources:\n  db: { options: {} }\n", ["2:3 resource type can not be blank"]),
      ("resources:\n  db:\n    type: \"  \"\n", ["3:11 resource type can not be blank"]),
      ("resources:\n  db:\n    type: ${UNSET}\n", ["3:10 resource type can not be blank"]),
      ("resources:\n  db:\n    type: [a]\n", ["3:11 cannot unmarshal !!seq into string"]),
      ("resources:\n  db: postgres\n", ["2:7 cannot unmarshal !!str `postgres` into manifest.Resource"]),
      ("resources: [a]\n", ["1:12 cannot unmarshal !!seq into yaml.MapSlice"]),
      ("resources: everything-there-is\n", ["1:12 cannot unmarshal !!str `everyth...` into yaml.MapSlice"]),
      ("resources:\n  yes: {type: mysql}\n", ["2:3 unknown key type: bool"]),
      ("resources:\n  1.5: {type: mysql}\n", ["2:3 unknown key type: float64"]),
      ("- a\n", ["1:1 cannot unmarshal !!seq into manifest.Manifest"]),
      ("hello\n", ["1:1 cannot unmarshal !!str `hello` into manifest.Manifest"]),
      (
        "services:\n  Web: {}\n",
        ["2:3 service name Web invalid, must contain only lowercase alphanumeric and dashes"]
      ),
      (
        "services:\n  8web: {}\n",
        ["2:3 service name 8web invalid, must contain only lowercase alphanumeric and dashes"]
      ),
      (
        "services:\n  web:\n    environment:\n      A: b\n",
        ["4:7 unknown type for service environment: map[interface {}]interface {}"]
      ),
      ("environment: A\n", ["1:14 unknown type for service environment: string"]),
      ("environment: 1\n", ["1:14 unknown type for service environment: int"]),
      (
        "services:\n  web:\n    resources:\n      db: x\n", ["4:7 cannot unmarshal !!map into []string"]
      ),
      ("services:\n  web:\n    resources: db\n", ["3:16 cannot unmarshal !!str `db` into []string"]),
      ("services:\n  web:\n    volumes: [{a: b}]\n", ["3:15 cannot unmarshal !!map into string"]),
      ("services:\n  web:\n    command: 12\n", ["3:14 unknown type for service command: int"]),
      ("services:\n  web:\n    command: [a, 1]\n", ["3:18 unknown type for service command: int"]),
      ("services:\n  web:\n    build: [a]\n", ["3:12 unknown type for service build: []interface {}"]),
      ("services:\n  web:\n    port: abc\n", ["3:11 invalid port: abc"]),
      ("services:\n  web:\n    port: {scheme: https}\n", ["3:11 could not parse port"]),
      ("services:\n  web:\n    port: 3000.5\n", ["3:11 invalid port: float64"]),
      ("services:\n  web:\n    scale: 1-\n", ["3:12 invalid scale: 1-"]),
      ("services:\n  web:\n    scale: true\n", ["3:12 unknown type for service scale: bool"]),
      ("services: [a]\n", ["1:11 cannot unmarshal !!seq into yaml.MapSlice"]),
      ("timers:\n  t: x\n", ["2:6 cannot unmarshal !!str `x` into manifest.Timer"]),
      ("a: 1\na: 2\n", ["2:1 key \"a\" already set in map"]),
      ("a: {b: 1, b: 2}\n", ["1:11 key \"b\" already set in map"]),
      (
        "resources:\n  db: {type: mysql}\n  # twice\n  db: {type: redis}\n",
        ["4:3 key \"db\" already set in map"]
      ),
      ("a: *none\n", ["1:4 found undefined alias"]),
      ("a: &x [*x]\n", ["1:8 found undefined alias"]),
      ("<<: 5\n", ["1:5 map merge requires map or sequence of maps as the value"]),
      ("x: &x {a: b}\n*x : c\n", ["2:1 invalid map key: an alias cannot be a key"]),
      ("? [a, b]\n: c\n", ["1:3 invalid map key: a key has to be a word"]),
    ])
  func error(text: String, expected: [String]) {
    #expect(errors(text) == expected)
  }

  @Test("A blank type from an unset variable names it")
  func blankTypeNamesVariable() throws {
    let error = try #require(throws: ManifestError.self) {
      try load("resources:\n  db:\n    type: ${KIND}\n")
    }
    #expect(error.diagnostics.map(\.suggestion) == ["${KIND} is not set in the app env"])
  }

  @Test(
    "An unknown type is refused with the nearest and the list",
    arguments: [
      ("postgress", "did you mean postgres? types: postgres, mysql, redis, memcached, efs"),
      ("Redis", "did you mean redis? types: postgres, mysql, redis, memcached, efs"),
      ("kafka", "types: postgres, mysql, redis, memcached, efs"),
    ])
  func unknownType(type: String, suggestion: String) throws {
    let error = try #require(throws: ManifestError.self) { try load("resources:\n  db: {type: \(type)}\n") }
    #expect(error.diagnostics.map(short) == ["2:14 no such resource type: \(type)"])
    #expect(error.diagnostics.first?.suggestion == suggestion)
  }

  @Test(
    "Links that set the same variable collide, others do not",
    arguments: [
      ("[\"a:DB_URL\", \"b:DB_URL\"]", ["5:33 service web: resources a and b would both set DB_URL"]),
      ("[a, \"b:A_URL\"]", ["5:24 service web: resources a and b would both set A_URL"]),
      ("[a, \"b:OTHER_URL\"]", []), ("[a, \"a:A_URL\"]", []), ("[a, b]", []),
    ])
  func linkCollisions(links: String, expected: [String]) {
    let resources = "resources:\n  a: {type: redis}\n  b: {type: redis}\n"
    #expect(errors(resources + "services:\n  web: {resources: \(links)}\n") == expected)
  }

  @Test(
    "Names that make the same variables collide, others do not",
    arguments: [
      ("my-db", "my_db", ["3:3 resources my-db and my_db would both set MY_DB_URL"]),
      ("cache", "CACHE", ["3:3 resources cache and CACHE would both set CACHE_URL"]),
      ("a", "b", []),
      ("hasura_graphql_database", "db1", []),
      ("a", "../b", ["3:3 resource name ../b invalid: neither AWS nor a variable's name takes it"]),
      ("a", "7", ["3:3 resource name 7 invalid: neither AWS nor a variable's name takes it"]),
    ])
  func collisions(one: String, other: String, expected: [String]) {
    #expect(errors("resources:\n  \(one): {type: redis}\n  \(other): {type: redis}\n") == expected)
  }

  @Test("Every error is reported at once, in the order of the file")
  func allErrors() {
    let text = "services:\n  Web: {scale: true}\nresources:\n  db: {}\n"
    #expect(
      errors(text) == [
        "2:3 service name Web invalid, must contain only lowercase alphanumeric and dashes",
        "2:16 unknown type for service scale: bool", "4:3 resource type can not be blank",
      ])
  }
}
