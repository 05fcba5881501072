import ConvoxEnvironment
import DockerEngine
import Foundation
import HealthProbes
import MonotonicTime
import NIOCore
import NativeProcess
import SystemPackage

extension EmulatorError {
  /// The errors of the libraries below in terms of a resource: the one place where they are translated.
  init(_ error: any Error, resource: String?) {
    let place = resource.map { "resource \($0): " } ?? ""
    switch error {
    case let error as EmulatorError:
      self = error
    case let error as AggregateError:
      self = error.failures.first?.error ?? EmulatorError(.failed, "nothing worked")
    case let error as PortTakenError:
      self = EmulatorError(
        .failed, "\(place)port \(error.port) is taken by \(error.owner ?? "another process")",
        suggestion: "stop it, or choose another port: --port NAME=PORT")
    case let error as ProbeFailure:
      let isFull = Self.saysDiskIsFull("\(error)")
      self = EmulatorError(
        isFull ? .cannotWrite : .failed, "\(place)\(error)", suggestion: isFull ? StateStore.elsewhere : nil)
    case let error as MissingLibraryError:
      self = EmulatorError(.unavailable, "\(place)\(error)", suggestion: error.suggestion)
    case let error as TimeoutError:
      self = EmulatorError(.notReady, "\(place)\(error)", suggestion: "more time: --timeout SECONDS")
    case let error as NativeProcessError:
      self = EmulatorError(native: error, place: place)
    case let error as DockerError:
      self = EmulatorError(docker: error, place: place)
    case let error as AtomicFileError:
      self = EmulatorError(.cannotWrite, "\(place)\(error.message)", suggestion: error.suggestion)
    case let error as CocoaError where error.isAboutWriting:
      self = EmulatorError(.cannotWrite, "\(place)\(error.reason)", suggestion: StateStore.elsewhere)
    default:
      self = EmulatorError(system: error, place: place) ?? EmulatorError(.internalFault, "\(place)\(error)")
    }
  }

  /// What the system refused for want of descriptors or memory, whoever met it.
  private init?(system error: any Error, place: String) {
    let number: Int32 =
      switch error {
      case let error as IOError: error.errnoCode
      case let error as Errno: error.rawValue
      default: (error as NSError).posixCode
      }
    guard let remedy = Shortage.remedy(number) else { return nil }
    self.init(.failed, "\(place)\(String(cString: strerror(number)))", suggestion: remedy)
    isShortage = true
  }
}

extension NSError {
  /// The system's error number behind an error of Foundation; 0 for none.
  fileprivate var posixCode: Int32 {
    if domain == NSPOSIXErrorDomain { return Int32(code) }
    return (userInfo[NSUnderlyingErrorKey] as? NSError)?.posixCode ?? 0
  }
}

extension EmulatorError {
  /// Any error in the terms of a user.
  public static func describing(_ error: any Error) -> EmulatorError {
    EmulatorError(error, resource: nil)
  }
}

extension CocoaError {
  /// Whether a file could not be written.
  var isAboutWriting: Bool {
    [.fileWriteOutOfSpace, .fileWriteVolumeReadOnly, .fileWriteNoPermission, .fileWriteUnknown].contains(code)
  }

  /// The system's words for it, where it keeps them.
  var reason: String {
    if code == .fileWriteOutOfSpace { return String(cString: strerror(ENOSPC)) }
    return (underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
      ?? localizedDescription
  }
}
