import ConvoxManifest

extension OptionRule {
  /// The options that postgres, mysql and mariadb share. Bounds are those that RDS states.
  static func database(version: String, documentedVersion: String, _ name: String) -> [OptionRule] {
    [
      OptionRule(
        "class", .instanceClass(prefix: "db."), default: "db.t3.micro", documented: "db.t2.micro",
        "Instance class"),
      OptionRule("encrypted", .boolean, default: "false", "Encrypt data at rest"),
      OptionRule("deletionProtection", .boolean, default: "false", "Enable deletion protection"),
      OptionRule("durable", .boolean, default: "false", "Multi-AZ automatic failover"),
      OptionRule("iops", .integer(0...256_000), "Provisioned IOPS for database disks"),
      OptionRule("storage", .integer(5...65_536), default: "20", "GB of storage to provision"),
      OptionRule("version", .version, default: version, documented: documentedVersion, "\(name) version"),
      OptionRule(
        "preferredBackupWindow", .backupWindow,
        "Daily time range, in UTC, in which automated backups are made"),
      OptionRule(
        "backupRetentionPeriod", .integer(0...35), default: "1",
        "Days for which backups are kept; 0 disables them"),
      OptionRule("readSourceDB", .resourceReference, "The resource of which this one is a read replica"),
      OptionRule("parameterGroupName", .text, "A parameter group of your own"),
      OptionRule("snapshot", .text, "The snapshot to restore from when it is created"),
      OptionRule("tags", .text, "Tags for the AWS resources"),
    ]
  }

  /// The options that redis and memcached share.
  static func cache(version: String, documentedVersion: String, _ name: String) -> [OptionRule] {
    [
      OptionRule(
        "class", .instanceClass(prefix: "cache."), default: "cache.t3.micro", documented: "cache.t2.micro",
        "Instance class"),
      OptionRule("nodes", .integer(1...40), default: "1", "Number of nodes"),
      OptionRule("version", .version, default: version, documented: documentedVersion, "\(name) version"),
      OptionRule("tags", .text, "Tags for the AWS resources"),
    ]
  }
}

extension DeployNote {
  /// The note about a minor version that AWS would upgrade by itself.
  static func minorVersionPinned(majorNumbers: Int, legacyBelow: Int? = nil) -> DeployNote {
    DeployNote(
      .pinsMinorVersion(majorNumbers: majorNumbers, legacyBelow: legacyBelow),
      "version {version} pins a minor version, which AWS upgrades in the maintenance window",
      suggestion: "turn the app parameter AutoMinorVersionUpgrade off, or name the major version only")
  }
}
