package import DrydockBase
import Essentials

/// The router's port cannot be listened at.
package struct RouterPortError: DrydockErrorConvertible, Hashable {
  package let port: Int
  /// The system's error number: EADDRINUSE, EACCES.
  package let errorNumber: Int32

  /// Whether somebody else listens there.
  package var isTaken: Bool { errorNumber == EADDRINUSE }

  package func drydockError(place: String) -> DrydockError {
    let reason = isTaken ? "it is taken" : String(cString: strerror(errorNumber))
    return DrydockError(.failed, "\(place)cannot listen at 127.0.0.1:\(port): \(reason)")
  }
}
