package import AppState
import DrydockBase
import NativeProcess

/// The ports of an instance's services on 127.0.0.1: one that is published for each service, one for each replica.
package struct ServicePorts: Sendable {
  private let allocator: PortAllocator
  private let id: String

  /// The ports of an instance.
  package init(home: StateHome, id: String) {
    self.id = id
    allocator = PortAllocator(folder: home.ports, isStale: home.isGone(owner:))
  }

  /// A published port of a service: the same as long as the instance is there.
  /// - Parameters:
  ///   - further: Which of its further ports; nil for that of `port:`.
  ///   - wanted: The port that the user wants; nil for any.
  func published(_ service: String, further: Int? = nil, wanted: Int?) throws -> Int {
    let owner = Self.owner("\(id)/service/\(service)", further)
    guard let wanted else { return try allocator.reserve(seed: owner, owner: owner) }
    for port in allocator.ports(of: owner) where port != wanted { try allocator.release(port, owner: owner) }
    do { try allocator.reserve(exact: wanted, owner: owner) } catch {
      guard error.code == .portTaken else { throw error }
      // Stopped or not, the other app's address stays its own.
      throw DrydockError(
        .failed, "port \(wanted), which drydock.yml wants for \(service): \(error.message)",
        suggestion:
          "write another one there")
    }
    return wanted
  }

  /// The published port of a service for https: the same as long as the instance is there.
  func secure(_ service: String) throws -> Int {
    let owner = "\(id)/service-https/\(service)"
    return try allocator.reserve(seed: owner, owner: owner)
  }

  /// A port at which a replica listens; another one than before where a stranger has that.
  /// - Parameter further: Which of its further ports; nil for that of `port:`.
  func own(_ replica: ServiceReplica, further: Int? = nil) throws -> Int {
    let owner = owner(of: replica, further)
    var taken: Set<Int> = []
    while true {
      let port = try allocator.reserve(seed: owner, owner: owner, excluding: taken)
      if PortAvailability.of(port) == .free { return port }
      try allocator.release(port, owner: owner)
      taken.insert(port)
    }
  }

  /// The port that a replica which runs has.
  func current(_ replica: ServiceReplica, further: Int? = nil) -> Int? {
    allocator.ports(of: owner(of: replica, further)).first
  }

  /// Gives every port of the instance's services back.
  package func releaseAll() throws {
    for kind in ["service", "service-https", "replica"] {
      for (port, owner) in allocator.ports(ofOwnersBelow: "\(id)/\(kind)/") {
        try allocator.release(port, owner: owner)
      }
    }
  }

  private func owner(of replica: ServiceReplica, _ further: Int?) -> String {
    Self.owner("\(id)/replica/\(replica.name)", further)
  }

  private static func owner(_ name: String, _ further: Int?) -> String {
    further.map { "\(name)/\($0)" } ?? name
  }
}
