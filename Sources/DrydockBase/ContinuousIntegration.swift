extension [String: String] {
  /// Whether this is the environment of a run on a machine that is used once, by the variable that nearly all services for
  /// continuous integration set: what is made for the next time is made for nothing there.
  package var isContinuousIntegration: Bool {
    self["CI"].map { !["", "0", "false"].contains($0.lowercased()) } ?? false
  }
}
