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
    if case .shortage = error.code { isShortage = true }
  }

  /// Whether an engine or its tool failed for want of space, inodes or quota.
  ///
  /// They say so in strerror's words, in English, since they run without the user's locale; Go, and so Docker, in small
  /// letters. The MySQL family says the number instead, of ENOSPC or EDQUOT (`error 28`, `Errcode: 28`,
  /// `error number 28`), or that a table is full (ER_RECORD_FILE_FULL).
  static func saysDiskIsFull(_ text: String) -> Bool {
    let text = text.lowercased()
    return [
      "no space left on device", "disk quota exceeded", "disk is full", "disk full",
      "out of disk space",
    ].contains {
      text.contains($0)
    } || text.contains(/(?:errcode|errno|error(?: number| no\.?| code)?)[:=]? ?"?(?:28|122)\b/)
      || text.contains(/the table '[^']*' is full/)
  }
}
