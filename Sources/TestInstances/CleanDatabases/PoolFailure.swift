/// Why a clean database, or its template, cannot be had. The words and numbers are those of IntegreSQL.
enum PoolFailure: Error, Hashable {
  case hashMissing
  case alreadyInitialized
  case templateNotFound
  case databaseNotFound
  case invalidID
  case discarded
  /// Nobody finalized the template in time.
  case notFinalized
  /// No database became ready in time.
  case noneReady
  /// The run is ending, or the server has.
  case notReady

  /// The status of the answer.
  var status: Int {
    switch self {
    case .hashMissing, .invalidID: 400
    case .templateNotFound, .databaseNotFound: 404
    case .discarded: 410
    case .alreadyInitialized: 423
    case .notFinalized, .noneReady: 500
    case .notReady: 503
    }
  }

  /// What the client reads.
  var message: String {
    switch self {
    case .hashMissing: "hash is required"
    case .alreadyInitialized: "template is already initialized"
    case .templateNotFound: "template not found"
    case .databaseNotFound: "test database not found"
    case .invalidID: "invalid test database ID"
    case .discarded: "template was just discarded"
    case .notFinalized: "unexpected template state"
    case .noneReady: "timeout when waiting for ready db"
    case .notReady: "Service Unavailable"
    }
  }
}
