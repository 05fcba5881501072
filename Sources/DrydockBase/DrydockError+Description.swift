import Essentials

extension DrydockError {
  /// Any error in terms of a user.
  /// - Parameter resource: What was worked on, for the message.
  package init(_ error: any Error, resource: String? = nil) {
    let place = resource.map { "resource \($0): " } ?? ""
    switch error {
    case let error as DrydockError:
      self = error
    case let error as AggregateError:
      self = error.failures.first?.error ?? DrydockError(.failed, "nothing worked")
    case let error as any DrydockErrorConvertible:
      self = error.drydockError(place: place)
    case let error as CocoaError where error.isAboutWriting:
      self = DrydockError(.cannotWrite, "\(place)\(error.reason)", suggestion: WriteRemedy.elsewhere)
    default:
      self = DrydockError(system: error, place: place) ?? DrydockError(.internalFault, "\(place)\(error)")
    }
  }

  /// What the system refused for want of descriptors or memory, whoever met it.
  private init?(system error: any Error, place: String) {
    let number = (error as? any SystemErrorCarrying)?.systemErrorNumber ?? posixCode(of: error)
    guard let remedy = Shortage.remedy(number) else { return nil }
    self.init(
      .failed, "\(place)\(String(cString: strerror(number)))", suggestion: remedy, isShortage: true)
  }
}

/// The system's error number behind an error of Foundation; 0 for none.
private func posixCode(of error: any Error) -> Int32 {
  switch error {
  case let error as POSIXError: error.code.rawValue
  case let error as CocoaError: error.underlying.map { posixCode(of: $0) } ?? 0
  default: 0
  }
}

extension CocoaError {
  /// Whether a file could not be written.
  fileprivate var isAboutWriting: Bool {
    let codes: [CocoaError.Code] = [
      .fileWriteOutOfSpace, .fileWriteVolumeReadOnly, .fileWriteNoPermission, .fileWriteUnknown,
      .fileWriteFileExists,
    ]
    return codes.contains(code)
  }

  /// The system's words for it, where it keeps them.
  fileprivate var reason: String {
    if code == .fileWriteOutOfSpace { return String(cString: strerror(ENOSPC)) }
    let number = posixCode(of: self)
    return number == 0 ? "the file cannot be written" : String(cString: strerror(number))
  }
}
