import ConvoxManifest
import Testing

@Suite("Options by the rules of their type")
struct OptionTests {
  @Test(
    "What an option takes and what not",
    arguments: [
      ("mysql", "encrypted: true", nil), ("mysql", "encrypted: \"false\"", nil),
      ("mysql", "encrypted: yes", nil),
      ("mysql", "encrypted: \"yes\"", "4:27 encrypted takes true or false, not `yes`"),
      ("mysql", "encrypted: 1", "4:27 encrypted takes true or false, not `1`"),
      ("mysql", "encrypted: \"True\"", "4:27 encrypted takes true or false, not `True`"),
      ("mysql", "storage: 5", nil), ("mysql", "storage: 65536", nil),
      ("mysql", "storage: 4", "4:25 storage takes a whole number from 5 to 65536, not `4`"),
      ("mysql", "storage: 65537", "4:25 storage takes a whole number from 5 to 65536, not `65537`"),
      ("mysql", "storage: 20GB", "4:25 storage takes a whole number from 5 to 65536, not `20GB`"),
      ("mysql", "storage: -5", "4:25 storage takes a whole number from 5 to 65536, not `-5`"),
      (
        "mysql", "storage: 99999999999999999999",
        "4:25 storage takes a whole number from 5 to 65536, not `1e+20`"
      ),
      ("mysql", "backupRetentionPeriod: 0", nil), ("mysql", "backupRetentionPeriod: 35", nil),
      (
        "mysql", "backupRetentionPeriod: 36",
        "4:39 backupRetentionPeriod takes a whole number from 0 to 35, not `36`"
      ),
      ("mysql", "version: \"5.7.22\"", nil), ("mysql", "version: \"10.3.8\"", nil),
      ("redis", "version: 6.x", nil),
      ("mysql", "version: latest", "4:25 version takes a version such as 12 or 10.3.8, not `latest`"),
      ("mysql", "version: \"8.0 \"", "4:25 version takes a version such as 12 or 10.3.8, not `8.0 `"),
      ("mysql", "class: db.m5.2xlarge", nil), ("mysql", "class: db.t3.micro", nil),
      ("mysql", "preferredBackupWindow: 03:00-03:30", nil),
      ("mysql", "preferredBackupWindow: 23:45-00:15", nil),
      ("mysql", "preferredBackupWindow: 00:00-23:59", nil),
      (
        "mysql", "preferredBackupWindow: 03:00-03:29",
        "4:39 preferredBackupWindow takes a window of 30 minutes at least, not `03:00-03:29`"
      ),
      (
        "mysql", "preferredBackupWindow: 23:45-00:14",
        "4:39 preferredBackupWindow takes a window of 30 minutes at least, not `23:45-00:14`"
      ),
      (
        "mysql", "preferredBackupWindow: 03:00-03:00",
        "4:39 preferredBackupWindow takes a window of 30 minutes at least, not `03:00-03:00`"
      ),
      (
        "mysql", "preferredBackupWindow: 24:00-24:30",
        "4:39 preferredBackupWindow takes a window in UTC such as 03:00-03:30, not `24:00-24:30`"
      ),
      (
        "mysql", "preferredBackupWindow: 3:00-4:00",
        "4:39 preferredBackupWindow takes a window in UTC such as 03:00-03:30, not `3:00-4:00`"
      ),
      ("efs", "permissions: \"0777\"", nil), ("efs", "permissions: \"755\"", nil),
      ("efs", "permissions: \"0778\"", "4:29 permissions takes 3 or 4 octal digits such as 0755, not `0778`"),
      ("efs", "permissions: 0755", "4:29 permissions takes 3 or 4 octal digits such as 0755, not `493`"),
      ("efs", "permissions: rwx", "4:29 permissions takes 3 or 4 octal digits such as 0755, not `rwx`"),
      ("efs", "path: /", nil), ("efs", "path: /root-directory", nil),
      ("efs", "path: data", "4:22 path takes an absolute path without `..`, not `data`"),
      (
        "efs", "path: /a/../\u{301}b",
        "4:22 path takes an absolute path without `..`, not `/a/../\u{301}b`"
      ),
      ("efs", "path: /a/../../b", "4:22 path takes an absolute path without `..`, not `/a/../../b`"),
      ("redis", "engine: valkey", nil),
      ("redis", "engine: keydb", "4:24 engine takes redis or valkey, not `keydb`"),
      ("redis", "storage: 5", "4:16 unknown option storage for redis: AWS rejects it at deploy"),
      ("mysql", "storage: {a: b}", "4:25 cannot unmarshal !!map into string"),
      ("mysql", "storage: [1]", "4:25 cannot unmarshal !!seq into string"),
    ] as [(String, String, String?)])
  func accepts(type: String, option: String, error: String?) {
    #expect(errors(resource(type, option)) == (error.map { [$0] } ?? []))
  }

  @Test(
    "An unknown option suggests the nearest",
    arguments: [
      ("efs", "owner-iud", "did you mean owner-uid?"), ("mysql", "Storage", "did you mean storage?"),
      ("mysql", "readSourceDb", "did you mean readSourceDB?"), ("memcached", "zebra", "options: version"),
    ])
  func unknownOption(type: String, option: String, suggestion: String) throws {
    let manifest = try load(resource(type, "\(option): 1"))
    #expect(manifest.deployErrors.map(\.suggestion) == [suggestion])
    #expect(manifest.resources.first?.options == [])
  }

  @Test(
    "A class that is not known is told, and may be had tomorrow",
    arguments: [
      ("mysql", "small"), ("mysql", "db.t9.huge"), ("mysql", "cache.t3.micro"), ("redis", "db.t3.micro"),
      ("mysql", "db."), ("mysql", "db.t3"),
    ])
  func unknownClass(type: String, value: String) throws {
    let manifest = try load(resource(type, "class: \(value)"))
    #expect(manifest.deployErrors == [] && manifest.warnings.count == 1)
    #expect(manifest.warnings.first?.message.contains("`\(value)` is not known here") == true)
    #expect(manifest.resources.first?.option("class") == value)
  }

  @Test(
    "What AWS refuses goes on here: as it is, or as if it were not set",
    arguments: [
      ("mysql", "storage: 2", "2"), ("mysql", "storage: 70000", "70000"), ("mysql", "storage: 20GB", nil),
      ("mysql", "encrypted: \"yes\"", nil), ("mysql", "version: latest", nil),
      ("redis", "engine: keydb", nil),
      ("mysql", "preferredBackupWindow: 3:00-4:00", "3:00-4:00"), ("efs", "permissions: rwx", nil),
      ("efs", "owner-uid: 4294967296", nil),
    ] as [(String, String, String?)])
  func goesOn(type: String, option: String, value: String?) throws {
    let manifest = try load(resource(type, option))
    #expect(manifest.deployErrors.count == 1 && manifest.deployErrors.first?.severity == .error)
    #expect(manifest.resources.first?.options.map(\.value) == (value.map { [$0] } ?? []))
  }

  @Test("Documented options of v3's own types are no errors")
  func optionsOfV3() throws {
    let v3 = try load(resource("rds-postgres", "import: db-1, class: db.t3.micro, version: \"15\""))
    #expect(v3.deployErrors == [])
    #expect(
      v3.warnings.map(\.message).contains(
        "option import of rds-postgres is for v3 racks: it has no effect here"))
    #expect(try load(resource("postgres", "import: db-1")).deployErrors.count == 1)
    let slip = try load(resource("rds-postgres", "imprt: db-1"))
    #expect(slip.deployErrors == [] && slip.warnings.map(\.suggestion).contains("did you mean import?"))
  }

  @Test("An error about a value that YAML changed says to quote it")
  func quoteSuggestion() throws {
    let manifest = try load(resource("efs", "permissions: 0755"))
    #expect(manifest.deployErrors.map(\.suggestion) == ["quote it: permissions: \"0755\""])
  }

  @Test("options: of another form", arguments: [("[a]", "!!seq"), ("word", "!!str `word`")])
  func form(options: String, tag: String) {
    let text = "resources:\n  db:\n    type: mysql\n    options: \(options)\n"
    #expect(errors(text) == ["4:14 cannot unmarshal \(tag) into map[string]string"])
  }
}

@Suite("Replicas")
struct ReplicaTests {
  /// A source and a replica, with the options of each.
  private func pair(_ source: String, _ replica: String, type: String = "mysql") -> String {
    "resources:\n  main: {type: mysql, options: {\(source)}}\n"
      + "  copy: {type: \(type), options: {readSourceDB: \"#convox.resources.main\", \(replica)}}\n"
  }

  @Test(
    "Version, storage and encryption against the source's",
    arguments: [
      ("version: \"8.0\"", "version: \"8.0\"", []),
      ("version: \"8.0\", storage: 50", "version: \"8.0\", storage: 60", []),
      ("version: \"8.0\", encrypted: true", "version: \"8.0\"", []),
      ("version: \"8.0\", encrypted: true", "version: \"8.0\", encrypted: true", []),
      ("", "version: \"5.7\"", []),
      ("version: \"8.0\"", "", ["3:47 replica copy has to set its version, the same as main"]),
      (
        "version: \"8.0\"", "version: \"8.0.35\"",
        ["3:82 version 8.0.35 of replica copy differs from 8.0 of main"]
      ),
      (
        "version: \"8.0\", storage: 50", "version: \"8.0\"",
        ["3:47 storage 20 of replica copy is less than 50 of main"]
      ),
      (
        "version: \"8.0\"", "version: \"8.0\", storage: 10",
        ["3:98 storage 10 of replica copy is less than 20 of main"]
      ),
      (
        "version: \"8.0\"", "version: \"8.0\", encrypted: true",
        ["3:100 replica copy cannot be encrypted while main is not"]
      ),
    ])
  func rules(source: String, replica: String, expected: [String]) {
    #expect(errors(pair(source, replica)) == expected)
  }

  @Test("So has a replica of it, in whatever order they stand")
  func versionAlongTheChain() throws {
    let text = """
      resources:
        last: {type: rds-mysql, options: {version: "8.0", readSourceDB: "#convox.resources.copy"}}
        copy: {type: rds-mysql, options: {readSourceDB: "#convox.resources.main"}}
        third: {type: rds-mysql, options: {readSourceDB: "#convox.resources.copy"}}
        main: {type: rds-mysql, options: {version: "8.0"}}
      """
    let manifest = try load(text)
    #expect(manifest.resources.map { $0.option("version") } == ["8.0", "8.0", "8.0", "8.0"])
  }

  @Test("A replica without a version has its source's, which a v3 rack takes without a word")
  func versionOfTheSource() throws {
    for type in ["mysql", "rds-mysql"] {
      let text =
        "resources:\n  main: {type: \(type), options: {version: \"8.0\", storage: \(type == "mysql" ? 20 : 100)}}\n"
        + "  copy: {type: \(type), options: {readSourceDB: \"#convox.resources.main\"}}\n"
      let manifest = try load(text)
      #expect(manifest.resource(named: "copy")?.option("version") == "8.0")
      #expect(manifest.resource(named: "copy")?.option("storage") == (type == "mysql" ? nil : "100"))
      #expect(manifest.deployErrors.isEmpty == (type == "rds-mysql"))
      #expect(manifest.warnings.contains { $0.message.contains("names no version") } == (type == "rds-mysql"))
    }
  }

  @Test(
    "What the reference may name",
    arguments: [
      ("#convox.resources.main", []),
      ("#convox.resources.mian", ["4:47 invalid resource name for readSourceDB"]),
      ("#convox.resources.copy", ["4:47 invalid resource name for readSourceDB"]),
      ("#convox.resources.", ["4:47 invalid resource name for readSourceDB"]),
      ("main", ["4:47 invalid resource name for readSourceDB"]),
      ("#convox.resources.other", ["4:47 resource type mismatch for readSourceDB"]),
      ("", []),
    ])
  func reference(value: String, expected: [String]) {
    let text =
      "resources:\n  main: {type: mysql}\n  other: {type: postgres}\n"
      + "  copy: {type: mysql, options: {readSourceDB: \"\(value)\", version: \"5.7\"}}\n"
    #expect(errors(text) == expected)
  }

  @Test("Circles are refused")
  func circle() {
    func replica(_ name: String, of source: String) -> String {
      "  \(name): {type: mysql, options: {readSourceDB: \"#convox.resources.\(source)\", version: \"8.0\"}}\n"
    }
    let text = "resources:\n" + replica("a", of: "b") + replica("b", of: "c") + replica("c", of: "a")
    #expect(
      errors(text)
        == ["a", "b", "c"].enumerated().map {
          "\($0.offset + 2):44 readSourceDB of \($0.element) leads back to \($0.element)"
        })
    let chain =
      "resources:\n  x: {type: mysql, options: {version: \"8.0\"}}\n" + replica("a", of: "x")
      + replica("b", of: "a")
    #expect(errors(chain) == [])
  }

  @Test("A wrong reference suggests the nearest resource of the type")
  func suggestion() throws {
    let text =
      "resources:\n  main: {type: mysql}\n  copy: {type: mysql, options: {readSourceDB: \"#convox.resources.mian\"}}\n"
    let error = try #require(throws: ManifestError.self) { try load(text) }
    #expect(error.diagnostics.map(\.suggestion) == ["did you mean main?"])
  }
}
