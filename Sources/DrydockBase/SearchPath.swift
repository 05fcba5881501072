/// Where programs are searched for.
package enum SearchPath {
  /// The absolute folders of a `PATH`.
  ///
  /// Relative ones are left out, and empty ones, which mean the current folder: a tool that runs in a share or in a folder of
  /// the state would be taken from there, and what is in it may be anybody's.
  package static func folders(_ path: String?) -> [String] {
    (path ?? "").splitExactly(at: ":").filter { $0.beginsExactly(with: "/") }
  }
}
