import ConvoxManifest
import Testing

@Suite("What would fail or surprise at deploy")
struct DeployFindingTests {
  /// A manifest whose service web links all resources given.
  private func linked(_ resources: [(name: String, body: String)], _ service: String = "") -> String {
    "services:\n  web:\n    resources: [\(resources.map(\.name).joined(separator: ", "))]\n\(service)resources:\n"
      + resources.map { "  \($0.name): \($0.body)\n" }.joined()
  }

  @Test(
    "A pinned minor version is upgraded",
    arguments: [
      ("postgres", "12", []), ("postgres", "\"12.7\"", ["5:43 db pins 12.7"]), ("postgres", "\"9.6\"", []),
      ("postgres", "9.6.1", ["5:43 db pins 9.6.1"]), ("mysql", "\"8.0\"", []), ("mysql", "8", []),
      ("mysql", "8.0.35", ["5:40 db pins 8.0.35"]),
    ])
  func pinnedMinor(type: String, version: String, expected: [String]) throws {
    #expect(try findings(linked([("db", "{type: \(type), options: {version: \(version)}}")])) == expected)
  }

  @Test(
    "A note on a version holds from that version on",
    arguments: [(14, []), (15, ["5:43 15 of db refuses plain connections"])])
  func versionNote(version: Int, expected: [String]) throws {
    #expect(try findings(linked([("db", "{type: postgres, options: {version: \(version)}}")])) == expected)
  }

  @Test("A note on links stands at each link")
  func linkNote() throws {
    let text =
      "resources:\n  my-cache: {type: redis}\nservices:\n  a: {resources: [my-cache]}\n  b: {resources: [my-cache]}\n"
    let findings = try load(text).deployFindings(catalog: testCatalog, appEnvironment: [:])
    #expect(
      findings.map(short) == [
        "4:19 a reads `6379/0` from MY_CACHE_PORT", "5:19 b reads `6379/0` from MY_CACHE_PORT",
      ])
    #expect(findings.first?.suggestion == "take it from MY_CACHE_URL")
  }

  @Test(
    "A note on several options counts defaults and stands at the first that is set",
    arguments: [
      ("durable: true", ["2:39 durable r needs two nodes"]), ("durable: true, nodes: 2", []),
      ("nodes: 1, durable: true", ["2:49 durable r needs two nodes"]), ("nodes: 1", []),
    ])
  func combinedNote(options: String, expected: [String]) throws {
    let text = "resources:\n  r: {type: redis, options: {\(options)}}\n"
    let found = try load(text).deployFindings(catalog: testCatalog, appEnvironment: [:])
    #expect(found.filter { $0.severity == .error }.map(short) == expected)
  }

  @Test("A resource that no service links")
  func notLinked() throws {
    #expect(
      try findings("resources:\n  db: {type: mysql}\n") == [
        "2:3 no service links resource db: AWS creates it, and nothing can reach it by variables"
      ])
  }

  @Test("A replica needs its source first and ignores backups")
  func replica() throws {
    let options = "{readSourceDB: \"#convox.resources.main\", version: \"5.7\", backupRetentionPeriod: 3}"
    #expect(
      try findings(linked([("main", "{type: mysql}"), ("copy", "{type: mysql, options: \(options)}")])) == [
        "6:47 the source main has to be deployed before its replica copy",
        "6:112 a replica ignores backupRetentionPeriod",
      ])
  }

  @Test(
    "Volumes against mounted resources",
    arguments: [
      ("[files:/data]", "[files]", []),
      ("[]", "[files]", ["4:17 service web links files, but no volume names it: nothing is mounted"]),
      (
        "[\"files:data\"]", "[files]",
        [
          "3:15 volume files:data of service web has no absolute path in the container",
          "4:17 service web links files, but no volume names it: nothing is mounted",
        ]
      ),
      (
        "[files:/data]", "[]",
        [
          "3:15 service web mounts files without linking it: it gets a volume of its own on each host, not the shared one",
          "6:3 no service links resource files: AWS creates it, and nothing can reach it by variables",
        ]
      ),
      (
        "[files:/data, fils:/more]", "[files]",
        [
          "3:28 volume fils is not the resource files: it is a volume of its own on each host"
        ]
      ),
      ("[files:/data, /own, mine:/m]", "[files]", []),
      ("[files:/data, /var/run/docker.sock:/var/run/docker.sock, /proc/:/host/proc]", "[files]", []),
      (
        "[files:/data, /home:/home]", "[files]",
        [
          "3:28 volume /home:/home: Convox does not mount /home of the host; the service gets an empty volume there"
        ]
      ),
      (
        "[files:/data, own]", "[files]",
        ["3:28 volume own of service web has no absolute path in the container"]
      ),
      ("[files:/data:/ro]", "[files]", ["3:15 volume files:/data:/ro: Docker knows no mode /ro"]),
      // Bug: it has no absolute path in the container, it was said.
      ("[files:/data, \"/proc/:/host/proc:ro\", \"/sys/fs/cgroup/:/c:ro,z\"]", "[files]", []),
      (
        "[\"files:/data:ro\"]", "[files]",
        ["3:15 volume files:/data:ro: it is read-only on AWS, and can be written here"]
      ),
    ])
  func volumes(volumes: String, links: String, expected: [String]) throws {
    let text =
      "services:\n  web:\n    volumes: \(volumes)\n    resources: \(links)\nresources:\n  files: {type: efs}\n"
    #expect(try findings(text) == expected)
  }

  @Test("Services and timers that name what is not there")
  func references() throws {
    let text = """
      services:
        web: {links: [api, wep]}
      timers:
        one: {service: web, schedule: "0 3 * * ?"}
        two: {service: wob, schedule: "0 3 * * ? *"}
        three: {service: web, schedule: daily}
        four: {}
      """
    #expect(
      try findings(text) == [
        "2:17 service web links a service that does not exist: api",
        "2:22 service web links a service that does not exist: wep",
        "5:18 timer two references a service that does not exist: wob",
        "6:35 invalid schedule expression: daily",
        "7:3 timer four references a service that does not exist: ",
        "7:3 invalid schedule expression: ",
      ])
  }

  @Test(
    "Schedules",
    arguments: [
      ("0 3 * * ?", []),
      ("0 3 * * ? 2030", ["2:29 a v3 rack leaves out the year `2030`, and runs it every year"]),
      (
        "0 3 * * *",
        [
          "2:29 AWS rejects the schedule 0 3 * * *: the day of the month or the day of the week has to be `?`, and "
            + "not both; drydock runs it as a v3 rack does"
        ]
      ),
      ("0 99 * * ?", ["2:29 AWS rejects the schedule 0 99 * * ?: hour: 99 is not one of 0 to 23"]),
      ("0 3 31 2 ?", ["2:29 the schedule 0 3 31 2 ? never comes again"]),
    ])
  func schedules(schedule: String, expected: [String]) throws {
    let text = "timers:\n  t: {service: s, schedule: \"\(schedule)\"}\nservices:\n  s: {image: i}\n"
    let found = try load(text).deployFindings(
      catalog: testCatalog, appEnvironment: [:], moment: moment("2024-02-27 10:15"))
    #expect(found.map(short) == expected)
  }

  @Test("An external resource and a default that never shows")
  func variables() throws {
    let text = linked([("db", "{type: mysql}")], "    environment: [DB_HOST=here, DB_OTHER=x]\n")
    #expect(
      try findings(text, ["DB_URL": "mysql://far"]) == [
        "2:3 the default of DB_HOST in service web has no effect: resource db sets it",
        "6:3 the app env sets DB_URL, so db is external here; a v2 rack creates it all the same, and the value reaches only services that declare DB_URL",
      ])
    #expect(try findings(text, ["DB_URL": " "]).count == 1)
  }

  @Test(arguments: [
    (["A", "A", "B"], "set them: drydock env set A=… B=…, or"),
    (["", "A"], "set them: drydock env set A=…, or"),
    ([""], "an item of environment: is empty"),
  ])
  func aRemedyNamesEachMissingVariableOnce(_ missing: [String], _ remedy: String) {
    #expect(Service.remedy(forMissing: missing).hasPrefix(remedy))
  }

  @Test("A required variable without a value fails the deploy")
  func required() throws {
    let text = "services:\n  web: {environment: [ALPHA]}\n"
    #expect(try findings(text) == ["2:23 required env: ALPHA"])
    #expect(try findings(text, ["ALPHA": ""]) == [])
  }
}

@Suite("Values that a rack would cut")
struct ValueLineTests {
  @Test(
    "At the item that declares it, else at the file",
    arguments: [("web", "KEY", "2:23"), ("web", "OTHER", "1:1"), ("web", "\"KEY=x\"", "2:23")])
  func lines(service: String, declared: String, place: String) throws {
    let text = "services:\n  \(service): {environment: [\(declared)]}\n"
    let environment = ["KEY": "-----BEGIN\nMII", "OTHER": "x"]
    let found = try load(text, environment).deployFindings(catalog: testCatalog, appEnvironment: environment)
    #expect(found.map(\.severity) == [.warning])
    #expect(found.map { "\($0.location.line):\($0.location.column)" } == [place])
    #expect(found.allSatisfy { $0.message.contains("KEY") && !$0.message.contains("MII") })
  }
}

@Suite("Required variables")
struct RequiredEnvironmentTests {
  @Test(
    "The first service that lacks any, its keys sorted",
    arguments: [
      ("[GLOBAL]", "[ALPHA]", "[BETA]", [:], "3:23 required env: ALPHA, GLOBAL"),
      ("[GLOBAL]", "[ALPHA]", "[BETA]", ["GLOBAL": "", "ALPHA": "x"], "4:23 required env: BETA"),
      ("[]", "[\"*\"]", "[\"A=\"]", [:], nil),
      ("[]", "[\"*\", A]", "[]", ["B": "x"], "3:28 required env: A"),
      ("[\"A=x\"]", "[A]", "[]", [:], "3:23 required env: A"),
      ("[A]", "[\"A=x\"]", "[]", [:], "1:15 required env: A"),
      ("[b, B, a]", "[]", "[]", [:], "1:18 required env: B, a, b"),
    ] as [(String, String, String, [String: String], String?)])
  func missing(global: String, one: String, two: String, appEnvironment: [String: String], expected: String?)
    throws
  {
    let manifest = try load(
      "environment: \(global)\nservices:\n  one: {environment: \(one)}\n  two: {environment: \(two)}\n")
    #expect(manifest.missingRequiredEnvironment(appEnvironment).map(short) == expected)
  }

  @Test("No service, nothing required")
  func noService() throws {
    #expect(try load("environment: [A]\n").missingRequiredEnvironment([:]) == nil)
  }
}
