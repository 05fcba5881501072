import NativeProcess

extension EmulatorError {
  init(native error: NativeProcessError, place: String) {
    let code: Code =
      switch error.code {
      case .keeperMissing, .cannotExecute, .userUnknown: .unavailable
      case .locksUnsupported: .cannotWrite
      case .fileUnusable: .cannotWrite
      default: .failed
      }
    self.init(code, place + error.message, suggestion: error.suggestion)
  }
}
