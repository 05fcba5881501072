import ConvoxManifest
import DrydockBase
import Emulator
import NIOHTTP1
import TerminalProgress

/// A request that cannot be answered as wished.
struct HTTPFailure: Error, Sendable {
  var status: HTTPResponseStatus
  var message: String
  /// Whether the connection may serve another request.
  var isKept = true

  init(_ status: HTTPResponseStatus, _ message: String) {
    self.status = status
    // The tool shows it on a terminal as it is.
    self.message = TerminalText.message(message)
  }

  /// Something that does not exist; the tool and its users know these words.
  static func noSuch(_ kind: String, _ name: String) -> HTTPFailure {
    HTTPFailure(.notFound, "no such \(kind): \(name)")
  }

  /// Any error as what the client reads. Its words are those of the command line.
  init(_ error: any Error) {
    switch error {
    case let error as HTTPFailure: self = error
    case let error as ManifestError:
      self.init(.badRequest, error.diagnostics.map(\.text).joined(separator: "\n"))
    case let error as AggregateError:
      let text = error.failures.map(\.error.text).joined(separator: "\n")
      self.init(Self.status(error.code), text)
    case is CancellationError: self.init(.serviceUnavailable, "the rack is being stopped")
    default:
      let error = DrydockError(error)
      self.init(Self.status(error.code), error.text)
    }
  }

  private static func status(_ code: DrydockError.Code) -> HTTPResponseStatus {
    switch code {
    case .failed, .usage, .manifestInvalid, .manifestMissing, .notTrusted: .badRequest
    case .dataMismatch: .conflict
    case .unavailable: .serviceUnavailable
    case .notReady: .gatewayTimeout
    case .cannotWrite, .internalFault: .internalServerError
    }
  }
}
