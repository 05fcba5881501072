import ConvoxManifest

extension OptionRule {
  /// The options that postgres, mysql and mariadb share. Bounds are those that RDS states.
  static func database(version: String, documentedVersion: String, _ name: String) -> [OptionRule] {
    [
      OptionRule(
        "class", .instanceClass(prefix: "db."), default: "db.t3.micro", documented: "db.t2.micro",
        "Instance class", here: .recorded("its family is checked")),
      OptionRule(
        "encrypted", .boolean, default: "false", "Encrypt data at rest",
        here: .recorded("at rest only; a replica needs an encrypted source"), change: .replacing),
      OptionRule(
        "deletionProtection", .boolean, default: "false", "Enable deletion protection",
        here: .enforced("data is not deleted until an up turned it off"), ifUnreadable: "true"),
      OptionRule(
        "durable", .boolean, default: "false", "Multi-AZ automatic failover",
        here: .recorded("one server runs")),
      OptionRule(
        "iops", .integer(0...256_000), "Provisioned IOPS for database disks",
        here: .recorded("the disk is this machine's")),
      OptionRule(
        "storage", .integer(20...65_536), default: "20", "GB of storage to provision",
        here: .enforced("never less than deployed; no limit on the disk"), change: .growing),
      OptionRule(
        "version", .version, default: version, documented: documentedVersion, "\(name) version",
        here: .emulated("that version runs, or the difference is shown"), change: .newer),
      OptionRule(
        "preferredBackupWindow", .backupWindow,
        "Daily time range, in UTC, in which automated backups are made",
        here: .recorded("its form is checked; no backups are made")),
      OptionRule(
        "backupRetentionPeriod", .integer(0...35), default: "1",
        "Days for which backups are kept; 0 disables them",
        here: .recorded("its range is checked; no backups are made")),
      OptionRule(
        "readSourceDB", .resourceReference, "The resource of which this one is a read replica",
        here: .emulated("a streaming replica; removing the option promotes it"), change: .source),
      OptionRule(
        "parameterGroupName", .text, "A parameter group of your own",
        here: .recorded("the engine keeps its settings")),
      OptionRule(
        "snapshot", .text, "The snapshot to restore from when it is created",
        here: .recorded("nothing is restored"), change: .replacing),
      OptionRule("tags", .text, "Tags for the AWS resources", here: .recorded("no effect here")),
    ]
  }

  /// The options that redis and memcached share.
  static func cache(version: String, documentedVersion: String, _ name: String) -> [OptionRule] {
    [
      OptionRule(
        "class", .instanceClass(prefix: "cache."), default: "cache.t3.micro", documented: "cache.t2.micro",
        "Instance class", here: .recorded("its family is checked")),
      OptionRule(
        "nodes", .integer(1...40), default: "1", "Number of nodes", here: .recorded("one server runs")),
      OptionRule(
        "version", .version, default: version, documented: documentedVersion, "\(name) version",
        here: .emulated("that version runs, or the difference is shown"), change: .newer),
      OptionRule("tags", .text, "Tags for the AWS resources", here: .recorded("no effect here")),
    ]
  }
}

extension ResourceType {
  /// What v3's `rds-*` types take besides (convox/convox, docs/reference/primitives/app/resource).
  static let databaseOptionsOfV3 = [
    "allowMajorVersionUpgrade", "autoMinorVersionUpgrade", "import", "masterUserPassword", "port",
    "preferredMaintenanceWindow",
  ]
  /// What v3's `elasticache-*` types take besides, from the same pages.
  static let cacheOptionsOfV3 = [
    "autoMinorVersionUpgrade", "deletionProtection", "durable", "encrypted", "import",
  ]
}

extension DeployNote {
  /// The note about a version that AWS never had. The last span ends far above what there is today, since the next
  /// version may be there tomorrow; the first begins with the oldest that RDS or ElastiCache ever ran, and between two
  /// spans there was no release.
  static func noSuchVersion(_ name: String, except spans: VersionSpan...) -> DeployNote {
    DeployNote(
      .versionOutside(spans), "AWS has no \(name) {version}",
      suggestion: "see its versions: aws rds describe-db-engine-versions, or elasticache's", severity: .error)
  }

  /// The note about a version that AWS ran once. The sources are in docs/aws-differences.md.
  static func retired(_ name: String, _ span: VersionSpan) -> DeployNote {
    DeployNote(
      .versionWithin(span), "AWS has retired \(name) {version}: it starts none any more",
      suggestion: "plan the upgrade; \(sinceWhen)")
  }

  /// The note about a version that costs more on AWS, since its standard support has ended.
  /// - Parameter date: From when on.
  static func extendedSupport(_ name: String, _ span: VersionSpan, since date: String) -> DeployNote {
    DeployNote(
      .versionWithin(span), "AWS charges Extended Support for \(name) {version}, since \(date)",
      suggestion: "plan the upgrade; \(sinceWhen)")
  }

  private static let sinceWhen = "which versions these are, and since when: docs/aws-differences.md"

  /// The note about a minor version that AWS would upgrade by itself.
  static func minorVersionPinned(majorNumbers: Int, legacyBelow: Int? = nil) -> DeployNote {
    DeployNote(
      .pinsMinorVersion(majorNumbers: majorNumbers, legacyBelow: legacyBelow),
      "version {version} pins a minor version, which AWS upgrades in the maintenance window",
      suggestion: "turn the app parameter AutoMinorVersionUpgrade off, or name the major version only")
  }
}
