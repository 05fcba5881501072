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

  /// The published port of a service: the same as long as the instance is there.
  /// - Parameter wanted: The port that the user wants; nil for any.
  func published(_ service: String, wanted: Int?) throws -> Int {
    let owner = "\(id)/service/\(service)"
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

  /// The port at which a replica listens; another one than before where a stranger has that.
  func own(_ replica: ServiceReplica) throws -> Int {
    let owner = owner(of: replica)
    var taken: Set<Int> = []
    while true {
      let port = try allocator.reserve(seed: owner, owner: owner, excluding: taken)
      if PortAvailability.of(port) == .free { return port }
      try allocator.release(port, owner: owner)
      taken.insert(port)
    }
  }

  /// The port that a replica which runs has.
  func current(_ replica: ServiceReplica) -> Int? { allocator.ports(of: owner(of: replica)).first }

  /// Gives every port of the instance's services back.
  package func releaseAll(_ services: [String], _ replicas: [ServiceReplica]) throws {
    let owners =
      services.flatMap { ["\(id)/service/\($0)", "\(id)/service-https/\($0)"] } + replicas.map(owner)
    for owner in owners {
      for port in allocator.ports(of: owner) { try allocator.release(port, owner: owner) }
    }
  }

  private func owner(of replica: ServiceReplica) -> String { "\(id)/replica/\(replica.name)" }
}
