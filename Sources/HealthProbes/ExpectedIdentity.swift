/// What must be true of a server's report for the server to be ours.
package struct ExpectedIdentity: Sendable, Hashable {
  /// The mark the server was started with. For redis it is enough that the config file's path contains it.
  package var marker: String?
  /// The process id the server must report.
  package var processID: Int?

  /// An identity; what is `nil` is not compared.
  package init(marker: String? = nil, processID: Int? = nil) {
    self.marker = marker
    self.processID = processID
  }

  /// Accepts a report of our server.
  /// - Throws: `ProbeFailure.stranger` if another server made the report.
  package func check(_ report: ServerReport) throws(ProbeFailure) {
    if let processID, report.processID != processID {
      throw .stranger(
        expected: "process \(processID)",
        found: report.processID.map { "process \($0)" } ?? "no process id")
    }
    guard let marker else { return }
    let found = report.marker ?? ""
    let isPath = report.flavour == .redis || report.flavour == .valkey
    guard isPath ? found.contains(marker) : found == marker else {
      throw .stranger(expected: "\"\(marker)\"", found: found.isEmpty ? "no marker" : "\"\(found)\"")
    }
  }
}
