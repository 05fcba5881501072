import ConvoxManifest

extension ResourceType {
  /// Redis, or Valkey by an option.
  static let redis = protocolOfRedis(
    "redis", "Redis or Valkey", from: [2, 6], v3Names: ["elasticache-redis"],
    OptionRule.cache(version: "7.0", documentedVersion: "2.8.24", "Redis") + failoverAndEncryption + [
      OptionRule(
        "engine", .choice(["redis", "valkey"]), default: "redis", "Which server speaks the protocol",
        here: .emulated("that server, or a compatible Redis in Valkey's place; no change once deployed"),
        change: .fixed)
    ])

  /// Valkey as a type of its own, which has another default version.
  static let valkey = protocolOfRedis(
    "valkey", "Valkey", from: [7, 2],
    OptionRule.cache(version: "8.1", documentedVersion: "8.1", "Valkey") + failoverAndEncryption)

  private static let failoverAndEncryption = [
    OptionRule(
      "durable", .boolean, default: "false", "Multi-AZ automatic failover; needs two nodes at least",
      here: .recorded("one server runs; with fewer than two nodes a deploy would fail, which is said")),
    OptionRule(
      "encrypted", .boolean, default: "false", "Encrypt data at rest and in transit",
      here: .emulated("TLS and the app's password, as clients see them"), change: .replacing),
  ]

  private static func protocolOfRedis(
    _ name: String, _ server: String, from oldest: [Int], v3Names: [String] = [], _ options: [OptionRule]
  ) -> ResourceType {
    ResourceType(
      name: name, v3Names: v3Names, options: options, v3Options: cacheOptionsOfV3, appendsMinorVersion: true,
      deployNotes: [
        .noSuchVersion(server, except: .init(from: oldest, before: [10])),
        .retired("Redis", .init(from: [2], before: [4])),
        .extendedSupport("Redis", .init(from: [4], before: [6]), since: "2026-02-01"),
        DeployNote(
          .linked, "{prefix}_PORT is 6379/0 on AWS, with the database's number behind it",
          suggestion: "read {prefix}_URL instead"),
        DeployNote(
          .all([.option("durable", is: "true"), .optionBelow("nodes", 2)]),
          "durable: true needs two nodes at least", suggestion: "set nodes: 2", severity: .error),
        DeployNote(
          .option("encrypted", is: "true"),
          "an encrypted \(name) needs a resource password of 16 to 128 characters",
          suggestion: "the app parameter ResourcePassword; one that Convox makes has 36"),
      ])
  }
}
