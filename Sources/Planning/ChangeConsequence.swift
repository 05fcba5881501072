package import ConvoxManifest
import Engines

/// What comes of the change of an option on a deployed resource.
package enum ChangeConsequence: Sendable, Hashable {
  /// It is applied.
  case free
  /// It is applied with a consequence worth a word. A resource created on its own refuses it where `alone` says
  /// why AWS would not do that.
  case surprising(String, alone: String? = nil)
  /// It is not possible: what, what to do instead, and what comes of it here where the user insists; nil for what
  /// cannot be had here either.
  case refused(String, remedy: String, accepted: Acceptance? = nil)

  /// How an `up` goes on with the data.
  package enum Acceptance: Sendable, Hashable {
    /// With the new value: to drydock it is a number and no more.
    case asWanted
    /// With the old one.
    case asDeployed
  }

  /// - Parameter rule: That of the option.
  package init(of change: OptionChange, by rule: OptionRule) {
    let (before, after, name) = (change.from ?? "", change.to ?? "", rule.name)
    switch rule.change {
    case .growing where (Int(after) ?? 0) < (Int(before) ?? 0):
      self = .refused(
        "\(name) cannot shrink from \(before) to \(after)", remedy: "set \(name): \(before) or more",
        accepted: .asWanted)
    case .fixed:
      self = .refused(
        "its \(name) is \(before), which cannot become \(after)", remedy: "set \(name): \(before)")
    case .source where change.to != nil:
      self = Self.newSource(before, name)
    case .replacing:
      self = .surprising(
        "AWS replaces the resource by a new one for that, without its data; here it is kept",
        alone: "AWS would replace it by a new resource without its data")
    case .newer where Self.isOlder(after, than: before):
      self = .surprising(
        "AWS goes back to no older version", alone: "AWS goes back to no older version")
    case .initial:
      self = .surprising("it is for a directory that is still to be made; one that exists keeps what it has")
    case .moving:
      self = .surprising(
        "services see another directory from now on; the files of \(before) stay where they are")
    case .applied, .growing, .source, .newer:
      self = .free
    }
  }

  /// Whether a version is an older one of the same major version; `15` stands for the newest of them.
  private static func isOlder(_ version: String, than other: String) -> Bool {
    guard let new = ServerVersion(in: version), let old = ServerVersion(in: other), new.major == old.major
    else { return false }
    let count = min(new.parts.count, old.parts.count)
    return new.prefix(count).lexicographicallyPrecedes(old.prefix(count))
  }

  /// A database becomes a replica only when it is made.
  private static func newSource(_ before: String, _ name: String) -> ChangeConsequence {
    before.isEmpty
      ? .refused(
        "it is an independent database and cannot become a replica",
        remedy: "remove \(name) and give the replica another name", accepted: .asDeployed)
      : .refused(
        "it is a replica of \(ResourceOption.referencedName(before) ?? before) and cannot follow another source",
        remedy: "set \(name): \"\(before)\", or remove it, which promotes the replica",
        accepted: .asDeployed)
  }
}
