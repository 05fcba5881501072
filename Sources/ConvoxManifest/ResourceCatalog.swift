/// What the manifest's rules know about one resource type. The engines supply the values, so that the
/// rules name no engine.
public struct ResourceType: Sendable, Hashable {
  /// The name in `type:`, as a v2 rack knows it.
  public var name: String
  /// Names that only a v3 rack knows for the same engine (`postgis`, `rds-postgres`).
  public var v3Names: [String]
  /// Every option the type takes.
  public var options: [OptionRule]
  /// Whether services get variables for it (efs: none).
  public var hasVariables: Bool
  /// Whether a version without a dot gets `.0` appended (redis, memcached).
  public var appendsMinorVersion: Bool

  /// A resource type with its rules.
  public init(
    name: String, v3Names: [String] = [], options: [OptionRule], hasVariables: Bool = true,
    appendsMinorVersion: Bool = false
  ) {
    self.name = name
    self.v3Names = v3Names
    self.options = options
    self.hasVariables = hasVariables
    self.appendsMinorVersion = appendsMinorVersion
  }

  /// The rule of an option, by its exact name.
  public func option(_ name: String) -> OptionRule? {
    options.first { $0.name == name }
  }
}

/// One option of a resource type: what it accepts and what it is when absent.
public struct OptionRule: Sendable, Hashable {
  /// What values an option takes. Values are strings, as YAML 1.1 resolved them.
  public enum Kind: Sendable, Hashable {
    /// Exactly `true` or `false`.
    case boolean
    /// A whole number within bounds.
    case integer(ClosedRange<Int>)
    /// A version such as `12` or `10.3.8`.
    case version
    /// An instance class of a family: `db.` or `cache.`.
    case instanceClass(prefix: String)
    /// A daily window, `hh24:mi-hh24:mi` in UTC, of 30 minutes at least.
    case backupWindow
    /// Permissions in octal digits.
    case permissions
    /// An absolute path.
    case path
    /// `#convox.resources.NAME`.
    case resourceReference
    /// One of a few words.
    case choice([String])
    /// Anything.
    case text
  }

  /// The key under `options:`.
  public var name: String
  /// What it accepts.
  public var kind: Kind
  /// The default that racks of today deploy; nil for none.
  public var defaultValue: String?
  /// The default that the documentation's page states, where it differs.
  public var documentedDefault: String?
  /// What AWS does with it, in a few words.
  public var summary: String

  /// An option with its rule.
  public init(
    _ name: String, _ kind: Kind, default defaultValue: String? = nil, documented: String? = nil,
    _ summary: String
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.documentedDefault = documented ?? defaultValue
    self.summary = summary
  }
}

/// All resource types that there are.
public struct ResourceCatalog: Sendable {
  /// The types in the order in which they are listed to users.
  public var types: [ResourceType]

  /// A catalog of types.
  public init(_ types: [ResourceType]) {
    self.types = types
  }

  /// The type of that name, a v2 or a v3 one.
  public func type(named name: String) -> ResourceType? {
    types.first { $0.name == name } ?? types.first { $0.v3Names.contains(name) }
  }
}
