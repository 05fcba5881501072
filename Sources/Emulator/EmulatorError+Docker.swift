import DockerEngine
import NativeProcess

extension EmulatorError {
  init(docker error: DockerError, place: String) {
    let code: Code =
      switch error.code {
      case .engineUnavailable, .noSuchImage, .accessDenied, .rateLimited, .noMatchingPlatform,
        .unsupportedImageFormat, .registryUnreachable:
        .unavailable
      case .timedOut: .notReady
      case _ where Self.saysDiskIsFull(error.message): .cannotWrite
      default: .failed
      }
    let space = "free some space where the Docker engine keeps its data: docker system df"
    var suggestion = error.suggestion ?? (code == .cannotWrite ? space : nil)
    var isShortage = false
    if case .shortage(let errno) = error.code {
      (isShortage, suggestion) = (true, Shortage.remedy(errno) ?? suggestion)
    }
    self.init(code, place + error.message, suggestion: suggestion)
    self.isShortage = isShortage
  }
}
