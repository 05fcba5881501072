import DrydockBase
package import NIOHTTP1
import TerminalProgress

/// A request that cannot be answered as wished.
package struct HTTPFailure: Error, Sendable {
  /// What it is answered by.
  package var status: HTTPResponseStatus
  /// Why, for the client.
  package var message: String
  /// Whether the connection may serve another request.
  var isKept = true

  /// A failure in words of our own.
  package init(_ status: HTTPResponseStatus, _ message: String) {
    self.status = status
    // The tool shows it on a terminal as it is.
    self.message = TerminalText.message(message)
  }

  /// Any error as what the client reads. Its words are those of the command line.
  package init(_ error: any Error) {
    switch error {
    case let error as HTTPFailure: self = error
    case let error as any HTTPFailureConvertible: self = error.httpFailure
    case let error as AggregateError:
      let text = error.failures.map(\.error.text).joined(separator: "\n")
      self.init(Self.status(error.code), text)
    case is CancellationError: self.init(.serviceUnavailable, "the server is being stopped")
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

/// An error that has words of its own for a client.
package protocol HTTPFailureConvertible: Error {
  /// What the client reads.
  var httpFailure: HTTPFailure { get }
}
