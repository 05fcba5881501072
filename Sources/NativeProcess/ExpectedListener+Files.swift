package import PortListeners

extension ExpectedListener {
  /// The process of a keeper's files as it runs now.
  package init(port: Int, processOf files: SupervisedFiles) {
    var processID: Int32?
    if case .running(let process)? = try? inspect(files) { processID = process.processID }
    self.init(port: port, processID: processID)
  }
}
