import ConvoxManifest

/// A catalog that resembles the real one, made for these tests alone.
let testCatalog: ResourceCatalog = {
  let databaseOptions: [OptionRule] = [
    OptionRule("class", .instanceClass(prefix: "db."), default: "db.t3.micro", "the instance class"),
    OptionRule("encrypted", .boolean, default: "false", "encrypts at rest"),
    OptionRule("durable", .boolean, default: "false", "fails over"),
    OptionRule("storage", .integer(5...65536), default: "20", "GB"),
    OptionRule("backupRetentionPeriod", .integer(0...35), default: "1", "days"),
    OptionRule("preferredBackupWindow", .backupWindow, "in UTC"),
    OptionRule("readSourceDB", .resourceReference, "makes it a replica"),
    OptionRule("tags", .text, "tags"),
  ]
  func version(_ value: String) -> OptionRule {
    OptionRule("version", .version, default: value, "the version")
  }
  return ResourceCatalog([
    ResourceType(
      name: "postgres", v3Names: ["postgis", "rds-postgres"], options: databaseOptions + [version("12")],
      v3Options: ["import"],
      deployNotes: [
        DeployNote(.pinsMinorVersion(majorNumbers: 1, legacyBelow: 10), "{name} pins {version}"),
        DeployNote(.versionAtLeast([15]), "{version} of {name} refuses plain connections"),
      ]),
    ResourceType(
      name: "mysql", v3Names: ["rds-mysql"], options: databaseOptions + [version("5.7")],
      deployNotes: [DeployNote(.pinsMinorVersion(majorNumbers: 2, legacyBelow: nil), "{name} pins {version}")]
    ),
    ResourceType(
      name: "redis",
      options: [
        OptionRule("class", .instanceClass(prefix: "cache."), default: "cache.t3.micro", "the class"),
        OptionRule("durable", .boolean, default: "false", "fails over"),
        OptionRule("encrypted", .boolean, default: "false", "encrypts"),
        OptionRule("nodes", .integer(1...40), default: "1", "nodes"),
        OptionRule("engine", .choice(["redis", "valkey"]), default: "redis", "the engine"),
        version("7.0"),
      ], appendsMinorVersion: true,
      deployNotes: [
        DeployNote(
          .linked, "{service} reads `6379/0` from {prefix}_PORT", suggestion: "take it from {prefix}_URL"),
        DeployNote(
          .all([.option("durable", is: "true"), .optionBelow("nodes", 2)]), "durable {name} needs two nodes",
          severity: .error),
      ]),
    ResourceType(name: "memcached", options: [version("1.4.34")], appendsMinorVersion: true),
    ResourceType(
      name: "efs",
      options: [
        OptionRule("encrypted", .boolean, default: "false", "encrypts"),
        OptionRule("owner-uid", .integer(0...4_294_967_295), default: "1000", "uid"),
        OptionRule("path", .path, default: "/", "the folder"),
        OptionRule("permissions", .permissions, default: "0777", "its mode"),
      ], hasVariables: false, isMounted: true),
  ])
}()

/// Loads a manifest from its text.
func load(_ text: String, _ appEnvironment: [String: String] = [:]) throws(ManifestError) -> Manifest {
  try load(Array(text.utf8), appEnvironment)
}

/// Loads a manifest from its bytes.
func load(_ bytes: [UInt8], _ appEnvironment: [String: String] = [:]) throws(ManifestError) -> Manifest {
  try ManifestLoader(catalog: testCatalog).load(bytes, file: "convox.yml", appEnvironment: appEnvironment)
}

/// The errors of a manifest, also those that only a deploy would meet, as `line:column message`.
func errors(_ text: String, _ appEnvironment: [String: String] = [:]) -> [String] {
  errors(Array(text.utf8), appEnvironment)
}

/// The errors of a manifest, also those that only a deploy would meet, as `line:column message`.
func errors(_ bytes: [UInt8], _ appEnvironment: [String: String] = [:]) -> [String] {
  do {
    return try load(bytes, appEnvironment).deployErrors.map(short)
  } catch {
    return error.diagnostics.filter { $0.severity == .error }.map(short)
  }
}

/// The warnings of a manifest, as `line:column message`.
func warnings(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> [String] {
  try load(text, appEnvironment).warnings.map(short)
}

/// What deploying would fail with or surprise by, as `line:column message`.
func findings(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> [String] {
  try load(text, appEnvironment).deployFindings(catalog: testCatalog, appEnvironment: appEnvironment).map(
    short)
}

/// `line:column message`.
func short(_ diagnostic: Diagnostic) -> String {
  "\(diagnostic.location.line):\(diagnostic.location.column) \(diagnostic.message)"
}

/// A manifest with one resource of these options, in flow style.
func resource(_ type: String, _ options: String) -> String {
  "resources:\n  db:\n    type: \(type)\n    options: { \(options) }\n"
}

/// Random numbers from a seed, the same on every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
