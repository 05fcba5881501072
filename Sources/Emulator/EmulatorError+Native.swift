import NativeProcess

extension EmulatorError {
  init(native error: NativeProcessError, place: String) {
    let code: Code =
      switch error.code {
      case .keeperMissing, .cannotExecute, .userUnknown: .unavailable
      case .locksUnsupported: .cannotWrite
      case .fileUnusable: .cannotWrite
      case .commandFailed where Self.saysDiskIsFull(error.message): .cannotWrite
      default: .failed
      }
    let suggestion = error.suggestion ?? (code == .cannotWrite ? StateStore.elsewhere : nil)
    self.init(code, place + error.message, suggestion: suggestion)
  }

  /// Whether an engine or its tool failed for want of space or inodes, which they say in strerror's words for
  /// ENOSPC, in English, since they run without the user's locale.
  static func saysDiskIsFull(_ text: String) -> Bool { text.contains("No space left on device") }
}
