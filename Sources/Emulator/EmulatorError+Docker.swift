import DockerEngine

extension EmulatorError {
  init(docker error: DockerError, place: String) {
    let code: Code =
      switch error.code {
      case .engineUnavailable, .noSuchImage, .accessDenied, .rateLimited, .noMatchingPlatform,
        .unsupportedImageFormat, .registryUnreachable:
        .unavailable
      case .timedOut: .notReady
      default: .failed
      }
    self.init(code, place + error.message, suggestion: error.suggestion)
  }
}
