package import Engines

/// What runs, held against what was asked for.
package enum Drift {
  /// The difference in a sentence; nil when there is none.
  package static func describe(_ spec: ResourceSpec, running: String, standIn: String?) -> String? {
    if let standIn { return "\(standIn) \(running) stands in for \(spec.product) \(spec.version)" }
    guard let version = ServerVersion(in: running), !fits(version, spec.version) else { return nil }
    return "\(spec.product) \(spec.version) is wanted, \(running) runs"
  }

  /// Whether a version is what was asked for. What AWS alone has is not to be had elsewhere.
  package static func fits(_ version: ServerVersion, _ wanted: String) -> Bool {
    guard let number = ServerVersion(in: wanted) else { return true }
    return version.satisfies(number) && AWSVersion.numbers(of: wanted) == nil
  }

  /// The same where nobody asked for a version, so that a rack's default is all there is to hold it against.
  package static func ofDefault(_ spec: ResourceSpec, running: String) -> String {
    "the manifest names no version: a rack deploys \(spec.product) \(spec.version), \(running) runs here"
  }
}
