package import PortListeners

extension ExpectedListener {
  /// The process of a keeper's files as it runs now.
  package init(port: Int, processOf files: EngineProcessFiles) {
    var processID: Int32?
    if case .running(let engine)? = try? inspect(files) { processID = engine.enginePID }
    self.init(port: port, processID: processID)
  }
}
