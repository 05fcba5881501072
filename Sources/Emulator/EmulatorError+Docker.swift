import DockerEngine

extension EmulatorError {
  init(docker error: DockerError, place: String) {
    self.init(.failed, place + error.message, suggestion: error.suggestion)
  }
}
