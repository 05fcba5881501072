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

  /// The same where nobody asked for a version, so that a rack's default is all there is to hold it against.
  static func ofDefault(_ spec: ResourceSpec, running: String) -> String {
    "the manifest names no version: a rack deploys \(spec.product) \(spec.version), \(running) runs here"
  }
}
