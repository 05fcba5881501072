/// What the manifest's rules know about one resource type. The engines supply the values, so that the
/// rules name no engine.
package struct ResourceType: Sendable, Hashable {
  /// The name in `type:`, as a v2 rack knows it.
  package var name: String
  /// Names that only a v3 rack knows for the same engine (`postgis`, `rds-postgres`).
  package var v3Names: [String]
  /// Every option the type takes.
  package var options: [OptionRule]
  /// Options that only a v3 rack has, for types by their v3 name.
  package var v3Options: [String]
  /// Whether services get variables for it (efs: none).
  package var hasVariables: Bool
  /// Whether a version without a dot gets `.0` appended (redis, memcached).
  package var appendsMinorVersion: Bool
  /// Whether it is a file system that a service mounts by a `volumes:` item `NAME:/path` (efs).
  package var isMounted: Bool
  /// What would fail or surprise at deploy, beyond what the options' own rules say.
  package var deployNotes: [DeployNote]
  /// What no option changes, and is another on AWS.
  package var differences: [TypeDifference]

  /// A resource type with its rules.
  package init(
    name: String, v3Names: [String] = [], options: [OptionRule], v3Options: [String] = [],
    hasVariables: Bool = true,
    appendsMinorVersion: Bool = false, isMounted: Bool = false, deployNotes: [DeployNote] = [],
    differences: [TypeDifference] = []
  ) {
    self.name = name
    self.v3Names = v3Names
    self.options = options
    self.v3Options = v3Options
    self.hasVariables = hasVariables
    self.appendsMinorVersion = appendsMinorVersion
    self.isMounted = isMounted
    self.deployNotes = deployNotes
    self.differences = differences
  }

  /// The rule of an option, by its exact name.
  package func option(_ name: String) -> OptionRule? {
    options.first { $0.name == name }
  }
}

/// All resource types that there are.
package struct ResourceCatalog: Sendable {
  /// The types in the order in which they are listed to users.
  package var types: [ResourceType]

  /// A catalog of types.
  package init(_ types: [ResourceType]) {
    self.types = types
  }

  /// The type of that name, a v2 or a v3 one.
  package func type(named name: String) -> ResourceType? {
    types.first { $0.name == name } ?? types.first { $0.v3Names.contains(name) }
  }
}
