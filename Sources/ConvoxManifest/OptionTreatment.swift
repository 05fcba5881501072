/// What drydock does with an option that is valid.
package struct OptionTreatment: Sendable, Hashable {
  /// How much of it is real here.
  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// What AWS would refuse is refused.
    case enforced
    /// It happens for real.
    case emulated
    /// It is checked and written down, and has no effect on what runs here.
    case recorded
  }

  /// How much of it is real here.
  package var kind: Kind
  /// What that is, in a few words.
  package var detail: String

  /// What AWS would refuse is refused.
  package static func enforced(_ detail: String) -> OptionTreatment { .init(kind: .enforced, detail: detail) }
  /// It happens for real.
  package static func emulated(_ detail: String) -> OptionTreatment { .init(kind: .emulated, detail: detail) }
  /// It is checked and written down only.
  package static func recorded(_ detail: String) -> OptionTreatment { .init(kind: .recorded, detail: detail) }
}
