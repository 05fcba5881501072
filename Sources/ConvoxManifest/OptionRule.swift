/// One option of a resource type: what it accepts and what it is when absent.
package struct OptionRule: Sendable, Hashable {
  /// What values an option takes. Values are strings, as YAML 1.1 resolved them.
  package enum Kind: Sendable, Hashable {
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

  /// What AWS makes of a change of the option on a resource that is deployed.
  package enum Change: Sendable, Hashable {
    /// It is applied.
    case applied
    /// It is a number that may only grow.
    case growing
    /// It cannot be changed.
    case fixed
    /// It names the source of a replica: to take it away promotes the replica, and nothing else can be done.
    case source
    /// The resource is replaced by a new one, without its data.
    case replacing
    /// It is a version, and no older one of its series can be had.
    case newer
    /// It is for what is still to be made; what exists keeps what it has.
    case initial
    /// It says where the data is from now on; what lies at the old place stays there.
    case moving
  }

  /// The key under `options:`.
  package var name: String
  /// What it accepts.
  package var kind: Kind
  /// The default that racks of today deploy; nil for none.
  package var defaultValue: String?
  /// The default that the documentation's page states, where it differs.
  package var documentedDefault: String?
  /// What AWS does with it, in a few words.
  package var summary: String
  /// What drydock does with it.
  package var treatment: OptionTreatment
  /// What AWS makes of a change.
  package var change: Change
  /// What it counts as where nobody can tell what its value means; nil for its default.
  package var valueIfUnreadable: String?

  /// An option with its rule.
  package init(
    _ name: String, _ kind: Kind, default defaultValue: String? = nil, documented: String? = nil,
    _ summary: String, here treatment: OptionTreatment = .recorded("no effect here"),
    change: Change = .applied, ifUnreadable: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.documentedDefault = documented ?? defaultValue
    self.summary = summary
    self.treatment = treatment
    self.change = change
    self.valueIfUnreadable = ifUnreadable
  }
}
