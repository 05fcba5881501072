package import MonotonicTime

/// A network of containers.
package struct NetworkInfo: Sendable, Hashable, Decodable {
  /// The network's id.
  package let id: String
  /// Its name, which need not be its alone.
  package let name: String
  /// Its driver, `bridge` for the ones made here.
  package let driver: String
  package let labels: [String: String]
  /// The ids of the running containers attached to it; empty in listings.
  package let containers: [String]

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case name = "Name"
    case driver = "Driver"
    case labels = "Labels"
    case containers = "Containers"
  }

  private struct Member: Decodable {}

  /// Decodes a network of the API.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    name = try values.decode(String.self, forKey: .name)
    driver = try values.decodeIfPresent(String.self, forKey: .driver) ?? ""
    labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    containers = (try values.decodeIfPresent([String: Member].self, forKey: .containers) ?? [:]).keys.sorted()
  }
}

/// Networks.
extension DockerClient {
  /// Makes a bridge network and returns its id.
  /// - Throws: ``DockerError`` with `conflict` where the name is in use.
  package func createNetwork(
    _ name: String, labels: [String: String] = [:], until deadline: Deadline
  ) async throws -> String {
    let request = try EngineRequest(
      .post, "/networks/create", json: CreateNetwork(name: name, labels: labels),
      action: "create the network \(name)", object: .network)
    return try await send(request, deadline, as: Created.self).id
  }

  /// A network by name or id, or nil where there is none.
  package func inspectNetwork(_ name: String, until deadline: Deadline) async throws -> NetworkInfo? {
    try await ifFound {
      try await get(
        Self.path(network: name), action: "inspect the network \(name)", object: .network, until: deadline)
    }
  }

  /// Removes a network.
  /// - Throws: ``DockerError``, in general with `server(status: 403)`, while containers run in it.
  package func removeNetwork(_ name: String, until deadline: Deadline) async throws {
    let request = EngineRequest(
      .delete, Self.path(network: name), action: "remove the network \(name)", object: .network)
    try await send(request, deadline)
  }

  /// The networks that bear all of the labels; an empty value asks for the label's presence only.
  package func listNetworks(labels: [String: String] = [:], until deadline: Deadline) async throws
    -> [NetworkInfo]
  {
    try await get(
      "/networks", query: [("filters", try Filters.labels(labels))], action: "list networks", until: deadline)
  }

  /// Attaches a container to a network.
  package func connect(
    _ container: String, to attachment: NetworkAttachment, until deadline: Deadline
  ) async throws {
    let request = try EngineRequest(
      .post, Self.path(network: attachment.network) + "/connect",
      json: ConnectContainer(container: container, settings: EndpointSettings(aliases: attachment.aliases)),
      action: "connect the container \(container) to the network \(attachment.network)", object: .container)
    try await send(request, deadline)
  }

  /// Detaches a container from a network.
  package func disconnect(_ container: String, from network: String, until deadline: Deadline) async throws {
    let request = try EngineRequest(
      .post, Self.path(network: network) + "/disconnect", json: ["Container": container],
      action: "disconnect the container \(container) from the network \(network)", object: .container)
    try await send(request, deadline)
  }

  private static func path(network: String) -> String { "/networks/" + EngineRequest.encode(network) }
}

private struct CreateNetwork: Encodable {
  let name: String
  let labels: [String: String]
  let driver = "bridge"
  // Engines before API 1.44 allow two networks of one name unless asked to look.
  let checkDuplicate = true

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case labels = "Labels"
    case driver = "Driver"
    case checkDuplicate = "CheckDuplicate"
  }
}

private struct ConnectContainer: Encodable {
  let container: String
  let settings: EndpointSettings

  enum CodingKeys: String, CodingKey {
    case container = "Container"
    case settings = "EndpointConfig"
  }
}
