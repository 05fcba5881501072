import Engines

/// What runs, held against what was asked for.
enum Drift {
  /// The difference in a sentence; nil when there is none.
  static func describe(_ spec: ResourceSpec, running: String, standIn: String?) -> String? {
    if let standIn { return "\(standIn) \(running) stands in for \(spec.product) \(spec.version)" }
    guard let wanted = ServerVersion(in: spec.version), let version = ServerVersion(in: running) else {
      return nil
    }
    return version.satisfies(wanted) ? nil : "\(spec.product) \(spec.version) is wanted, \(running) runs"
  }
}
