/// A version of the Engine API, such as 1.41.
struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  let major: Int
  let minor: Int

  /// The oldest API version spoken here: Debian 12's engine 20.10, and Podman's.
  static let oldest = APIVersion(major: 1, minor: 41)
  /// The newest API version this client was written for.
  static let newest = APIVersion(major: 1, minor: 51)
  /// From here on the content type of logs says whether they are multiplexed.
  static let typedStreams = APIVersion(major: 1, minor: 42)

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0
    else {
      return nil
    }
    self.init(major: major, minor: minor)
  }

  var description: String { "\(major).\(minor)" }

  static func < (left: APIVersion, right: APIVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  /// The newest version that both sides speak.
  static func negotiated(server: EngineVersion) throws -> APIVersion {
    guard let newestThere = APIVersion(server.apiVersion) else {
      throw DockerError(.invalidResponse, "the engine states its API version as \"\(server.apiVersion)\"")
    }
    let oldestThere = APIVersion(server.minAPIVersion ?? "") ?? oldest
    guard newestThere >= oldest else {
      throw DockerError(
        .engineUnavailable(.tooOld),
        "the Docker engine \(server.version) speaks API \(newestThere) at most; \(oldest) is needed",
        suggestion: "update the engine to 20.10 or later")
    }
    guard oldestThere <= newest else {
      throw DockerError(
        .engineUnavailable(.tooNew),
        "the Docker engine \(server.version) speaks API \(oldestThere) at least; \(newest) is needed",
        suggestion: "update drydock")
    }
    return min(newestThere, newest)
  }
}
