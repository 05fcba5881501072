package import DrydockBase
package import NIOCore

extension DockerError: DrydockErrorConvertible {
  /// The engine's failure for a user.
  package func drydockError(place: String) -> DrydockError {
    let kind: DrydockError.Code =
      switch code {
      case .engineUnavailable, .noSuchImage, .accessDenied, .rateLimited, .noMatchingPlatform,
        .unsupportedImageFormat, .registryUnreachable:
        .unavailable
      case .timedOut: .notReady
      case _ where WriteRemedy.saysDiskIsFull(message): .cannotWrite
      default: .failed
      }
    let remedy = suggestion ?? (kind == .cannotWrite ? WriteRemedy.inDocker(nil) : nil)
    guard case .shortage(let number) = code else {
      return DrydockError(kind, place + message, suggestion: remedy)
    }
    return DrydockError(
      kind, place + message, suggestion: Shortage.remedy(number) ?? remedy, isShortage: true)
  }
}

extension IOError: SystemErrorCarrying {
  /// The number, as in errno(3).
  package var systemErrorNumber: Int32 { errnoCode }
}
