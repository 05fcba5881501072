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

/// Something that defines a resource type: the type itself, or an engine of it.
package protocol ResourceDefinition: Sendable {
  /// The type's name, its options and their rules.
  var resourceType: ResourceType { get }
  /// What those who know more of it than this target find it by; nil for a type alone.
  ///
  /// An object of a class, because a cast to one compares two pointers. A cast to a protocol looks through every
  /// conformance of the program, and again for each type: for the engines, a tenth of the time of `drydock env`.
  var knowledge: (any AnyObject & Sendable)? { get }
}

extension ResourceDefinition {
  package var knowledge: (any AnyObject & Sendable)? { nil }
}

extension ResourceType: ResourceDefinition {
  package var resourceType: ResourceType { self }
}

/// All resource types that there are.
///
/// It is a value that is handed on: what reads manifests sees the types, and what knows engines finds those in it.
package struct ResourceCatalog: Sendable {
  /// What defines the types, in the order in which they are listed to users.
  package let definitions: [any ResourceDefinition]
  /// The types in that order.
  package let types: [ResourceType]

  /// A catalog of types, or of what defines them.
  package init(_ definitions: [any ResourceDefinition]) {
    self.definitions = definitions
    self.types = definitions.map(\.resourceType)
  }

  /// The type of that name, a v2 or a v3 one.
  package func type(named name: String) -> ResourceType? {
    types.first { $0.name == name } ?? types.first { $0.v3Names.contains(name) }
  }
}
