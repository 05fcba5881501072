import ConvoxManifest
import Testing

@Suite("The sections of the manifest")
struct StructureTests {
  @Test(
    "A manifest with nothing in it is valid",
    arguments: ["", "\n", "# only\n# comments", "---\n", "~", "{}", "\u{FEFF}"])
  func empty(text: String) throws {
    #expect(try load(text) == Manifest(file: "convox.yml"))
  }

  /// Bug: Convox takes an empty list for an empty section, and it was refused.
  @Test(
    "An empty section may be an empty list",
    arguments: ["resources", "services", "timers"])
  func emptyList(section: String) throws {
    let manifest = try load("\(section): []\n")
    #expect(manifest.resources.isEmpty && manifest.services.isEmpty && manifest.timers.isEmpty)
    #expect(throws: ManifestError.self) { try load("\(section): [a]\n") }
  }

  @Test("The documented example, in the order of the file")
  func example() throws {
    let manifest = try load(
      """
      environment:
        - LOG_LEVEL=info
      resources:
        mydb:
          type: postgres
          options:
            storage: ${POSTGRES_STORAGE_SIZE}
        primary-db:
          type: mysql
          options: { version: "8.0", class: db.t3.medium, storage: 50, encrypted: true, durable: true }
        read-replica:
          type: mysql
          options: { readSourceDB: "#convox.resources.primary-db", version: "8.0", storage: 50, encrypted: true }
        cache:  { type: redis }
        mem:    { type: memcached }
        sharedvolume:
          type: efs
          options: { path: "/root-directory" }
      services:
        web:
          build: .
          command: bin/web
          port: 3000
          environment: [SECRET, "MODE=dev"]
          resources: [mydb, cache, sharedvolume]
          volumes: [sharedvolume:/app/dir]
      timers:
        nightly: { service: web, schedule: "0 3 * * *", command: bin/tidy }
      """, ["POSTGRES_STORAGE_SIZE": "100"])
    #expect(manifest.warnings.isEmpty)
    #expect(
      manifest.resources.map(\.name) == [
        "mydb", "primary-db", "read-replica", "cache", "mem", "sharedvolume",
      ])
    #expect(manifest.resource(named: "mydb")?.option("storage") == "100")
    let options = try #require(manifest.resource(named: "primary-db")?.options)
    #expect(options.map(\.name) == ["version", "class", "storage", "encrypted", "durable"])
    #expect(options.map(\.value) == ["8.0", "db.t3.medium", "50", "true", "true"])
    #expect(options.first?.location == SourceLocation(file: "convox.yml", line: 10, column: 25))
    let web = try #require(manifest.service(named: "web"))
    #expect(
      web.environment == [.defaulted("LOG_LEVEL", "info"), .required("SECRET"), .defaulted("MODE", "dev")])
    #expect(web.resources.map(\.resource) == ["mydb", "cache", "sharedvolume"])
    #expect(web.volumes == ["sharedvolume:/app/dir"])
    #expect([web.build, web.command, web.port?.text] == [".", "bin/web", "3000"])
    #expect(web.location == SourceLocation(file: "convox.yml", line: 20, column: 3))
    #expect(
      manifest.timers == [Timer(name: "nightly", service: "web", schedule: "0 3 * * *", command: "bin/tidy")])
  }

  @Test(
    "Forms of a service's values",
    arguments: [
      ("port: 3000", "port", "3000"), ("port: https:3000", "port", "https:3000"),
      ("port: {port: 3000, scheme: https}", "port", "https:3000"), ("port: {port: 5000}", "port", "5000"),
      ("scale: 2", "scale", "2"), ("scale: 1-5", "scale", "1-5"), ("scale: {count: 3}", "scale", "3"),
      ("scale: {cpu: 512}", "scale", nil), ("build: api", "build", "api"),
      ("build: {path: api, manifest: Dockerfile2}", "build", "api"),
      ("command: [bin/api, start]", "command", "bin/api start"),
      ("command: bin/api start", "command", "bin/api start"),
      ("image: ubuntu:16.04", "image", "ubuntu:16.04"),
      ("image:", "image", nil),
    ])
  func serviceValues(line: String, field: String, expected: String?) throws {
    let service = try #require(try load("services:\n  web:\n    \(line)\n").services.first)
    let fields = [
      "port": service.port?.text, "scale": service.scale, "build": service.build, "command": service.command,
      "image": service.image,
    ]
    #expect(fields[field] == expected)
  }

  @Test(
    "environment: lists",
    arguments: [
      (
        "[A, B=, C=d=e, \"*\"]", [.required("A"), .defaulted("B", ""), .defaulted("C", "d=e"), .everything],
        []
      ),
      ("[[A, B=1], [C]]", [.required("A"), .defaulted("B", "1"), .required("C")], []),
      ("[[[A]], B]", [.required("B")], ["1:16 Convox drops this item: it is no string"]),
      (
        "[8080, yes, A]", [.required("A")],
        [
          "1:15 Convox drops this item: it is no string", "1:21 Convox drops this item: it is no string",
        ]
      ),
      ("[{A: b}]", [], ["1:15 Convox drops this item: it is no string"]),
      ("[\"8080\"]", [.required("8080")], []),
      ("", [], []), ("~", [], []), ("[]", [], []),
    ] as [(String, [EnvironmentDeclaration], [String])])
  func environment(list: String, expected: [EnvironmentDeclaration], messages: [String]) throws {
    let manifest = try load("environment: \(list)\n")
    #expect(manifest.environment == expected)
    #expect(manifest.warnings.map(short) == messages)
  }

  @Test(
    "Links of v2 and v3",
    arguments: [
      ("[db]", [ResourceLink(resource: "db")], []),
      (
        "[\"db:DATA_URL\"]", [ResourceLink(resource: "db", variable: "DATA_URL")],
        [
          "5:17 `db:DATA_URL` is v3's form of a link, which sets DATA_URL only; a v2 rack ignores the link"
        ]
      ),
      (
        "[\"db: OTHER \"]", [ResourceLink(resource: "db", variable: "OTHER")],
        [
          "5:17 `db: OTHER ` is v3's form of a link, which sets OTHER only; a v2 rack ignores the link"
        ]
      ),
      ("[dbb]", [], ["5:17 service web links dbb, but there is no such resource: Convox ignores the link"]),
      (
        "[\"db:\"]", [],
        ["5:17 service web links db:, but there is no such resource: Convox ignores the link"]
      ),
      ("[DB]", [], ["5:17 service web links DB, but there is no such resource: Convox ignores the link"]),
    ] as [(String, [ResourceLink], [String])])
  func links(list: String, expected: [ResourceLink], messages: [String]) throws {
    let manifest = try load("resources:\n  db: {type: mysql}\nservices:\n  web:\n    resources: \(list)\n")
    #expect(manifest.services.first?.resources == expected)
    #expect(manifest.warnings.map(short) == messages)
  }

  @Test("A link that matches nothing suggests the nearest resource")
  func linkSuggestion() throws {
    let manifest = try load(
      "services:\n  web: {resources: [mydb, zzzzzz]}\nresources:\n  my-db: {type: mysql}\n")
    #expect(manifest.warnings.map(\.suggestion) == ["did you mean my-db?", "resources: my-db"])
  }

  @Test("v3's type names and images are taken with a note")
  func v3() throws {
    let manifest = try load("resources:\n  gis:\n    type: postgis\n    image: postgis/postgis:15\n")
    #expect(manifest.resources.first?.type == "postgres")
    #expect(manifest.resources.first?.declaredType == "postgis")
    #expect(manifest.resources.first?.image == "postgis/postgis:15")
    #expect(
      manifest.warnings.map(short) == [
        "3:11 type postgis is v3's name of postgres; a v2 rack does not know it",
        "4:12 `image` is v3's; a v2 rack ignores it and goes by the version",
      ])
  }

  @Test(
    "Unknown keys are ignored with a warning",
    arguments: [
      (
        "resource: {}\n", "1:1 unknown key `resource` in the manifest: Convox ignores it",
        "did you mean resources?"
      ),
      ("x-base: {}\n", "1:1 unknown key `x-base` in the manifest: Convox ignores it", nil),
      ("balancers: {}\n", "1:1 `balancers` is known to v3 racks only; a v2 rack ignores it", nil),
      (
        "resources:\n  db: {type: mysql, option: {}}\n",
        "2:21 unknown key `option` in resource db: Convox ignores it", "did you mean options?"
      ),
      (
        "services:\n  web: {enviroment: []}\n",
        "2:9 unknown key `enviroment` in service web: Convox ignores it", "did you mean environment?"
      ),
      (
        "services:\n  web: {liveness: {}}\n",
        "2:9 `liveness` is known to v3 racks only; a v2 rack ignores it", nil
      ),
      ("timers:\n  t: {cron: x}\n", "2:7 unknown key `cron` in timer t: Convox ignores it", nil),
    ] as [(String, String, String?)])
  func unknownKeys(text: String, message: String, suggestion: String?) throws {
    let manifest = try load(text)
    #expect(manifest.warnings.map(short) == [message])
    #expect(manifest.warnings.first?.suggestion == suggestion)
  }

  @Test("Only the first document counts")
  func documents() throws {
    let manifest = try load("resources:\n  a: {type: mysql}\n---\nresources:\n  b: {type: mysql}\n")
    #expect(manifest.resources.map(\.name) == ["a"])
    #expect(
      manifest.warnings.map(short) == [
        "4:1 Convox reads the first document only; what follows it is ignored"
      ])
    #expect(
      try warnings("{a: 1}\n]\n").last
        == "2:1 Convox reads the first document only; what follows it is ignored"
    )
  }

  @Test("Aliases and merges: the later value wins, of several maps the first")
  func merges() throws {
    let manifest = try load(
      """
      a: &a { type: mysql, options: &o { storage: 30 } }
      b: &b { type: redis, image: x }
      resources:
        one: *a
        two: { "<<": *a, options: { storage: 40 } }
        three: { "<<": [*a, *b] }
        four: { type: memcached, "<<": *b }
        five: { <<: *a }
      """)
    #expect(manifest.resources.map(\.type) == ["mysql", "mysql", "mysql", "redis", "mysql"])
    #expect(manifest.resources.map { $0.option("storage") } == ["30", "40", "30", nil, "30"])
    #expect(manifest.resources.map(\.image) == [nil, nil, "x", "x", nil])
    let messages = manifest.warnings.map(short)
    #expect(messages.contains("7:28 the merge replaces `type`, which stands before it"))
    #expect(messages.contains("8:11 a v2 rack loses a merge whose `<<` is not quoted; it is applied here"))
  }
}
