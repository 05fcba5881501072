package import DrydockBase
package import SystemPackage

extension NativeProcessError: DrydockErrorConvertible {
  /// The failure for a user.
  package func drydockError(place: String) -> DrydockError {
    let kind: DrydockError.Code =
      switch code {
      case .keeperMissing, .cannotExecute, .userUnknown: .unavailable
      case .locksUnsupported, .fileUnusable: .cannotWrite
      case .commandFailed where WriteRemedy.saysDiskIsFull(message): .cannotWrite
      default: .failed
      }
    let remedy = suggestion ?? (kind == .cannotWrite ? WriteRemedy.elsewhere : nil)
    let isShortage = if case .shortage = code { true } else { false }
    return DrydockError(kind, place + message, suggestion: remedy, isShortage: isShortage)
  }
}

extension Errno: SystemErrorCarrying {
  /// The number, as in errno(3).
  package var systemErrorNumber: Int32 { rawValue }
}
