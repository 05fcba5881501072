package import MonotonicTime

/// A named volume.
package struct VolumeInfo: Sendable, Hashable, Decodable {
  /// The volume's name.
  package let name: String
  /// Who keeps it; `local` for the engine itself.
  package let driver: String
  package let labels: [String: String]
  /// When it was made, in RFC 3339, where the engine says so.
  package let createdAt: String?
  /// Where it lies on the engine's host.
  package let mountpoint: String?

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case driver = "Driver"
    case labels = "Labels"
    case createdAt = "CreatedAt"
    case mountpoint = "Mountpoint"
  }

  /// Decodes a volume of the API.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    driver = try values.decode(String.self, forKey: .driver)
    labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    createdAt = try values.decodeIfPresent(String.self, forKey: .createdAt)
    mountpoint = try values.decodeIfPresent(String.self, forKey: .mountpoint)
  }
}

/// Named volumes.
extension DockerClient {
  /// Makes a volume. One that exists under the name is returned as it is, with its own labels.
  @discardableResult
  package func createVolume(
    _ name: String, labels: [String: String] = [:], until deadline: Deadline
  ) async throws -> VolumeInfo {
    let request = try EngineRequest(
      .post, "/volumes/create", json: CreateVolume(name: name, labels: labels),
      action: "create the volume \(name)",
      object: .volume)
    return try await send(request, deadline)
  }

  /// A volume, or nil where there is none.
  package func inspectVolume(_ name: String, until deadline: Deadline) async throws -> VolumeInfo? {
    try await ifFound {
      try await get(
        "/volumes/" + EngineRequest.encode(name), action: "inspect the volume \(name)", object: .volume,
        until: deadline)
    }
  }

  /// Removes a volume with its data.
  /// - Throws: ``DockerError`` with `conflict` where a container, even a stopped one, uses it.
  package func removeVolume(_ name: String, until deadline: Deadline) async throws {
    let request = EngineRequest(
      .delete, "/volumes/" + EngineRequest.encode(name), action: "remove the volume \(name)", object: .volume)
    try await send(request, deadline)
  }

  /// The volumes that bear all of the labels; an empty value asks for the label's presence only.
  package func listVolumes(labels: [String: String] = [:], until deadline: Deadline) async throws
    -> [VolumeInfo]
  {
    let answer: VolumeList = try await get(
      "/volumes", query: [("filters", try Filters.labels(labels))], action: "list volumes", until: deadline)
    return answer.volumes ?? []
  }

  /// How many bytes each volume has that the engine measures, by its name.
  package func volumeSizes(until deadline: Deadline) async throws -> [String: Int64] {
    let answer: DiskUsage = try await get(
      "/system/df", query: [("type", "volume")], action: "measure volumes", until: deadline)
    let sizes = (answer.volumes ?? []).compactMap { volume in
      volume.usage.flatMap { $0.size >= 0 ? (volume.name, $0.size) : nil }
    }
    return Dictionary(sizes) { first, _ in first }
  }
}

private struct DiskUsage: Decodable {
  struct Volume: Decodable {
    struct Usage: Decodable {
      /// Below zero for one that is not measured.
      let size: Int64
      enum CodingKeys: String, CodingKey { case size = "Size" }
    }
    let name: String
    let usage: Usage?
    enum CodingKeys: String, CodingKey {
      case name = "Name"
      case usage = "UsageData"
    }
  }
  let volumes: [Volume]?
  enum CodingKeys: String, CodingKey { case volumes = "Volumes" }
}

private struct CreateVolume: Encodable {
  let name: String
  let driver = "local"
  let labels: [String: String]

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case driver = "Driver"
    case labels = "Labels"
  }
}

private struct VolumeList: Decodable {
  let volumes: [VolumeInfo]?

  enum CodingKeys: String, CodingKey {
    case volumes = "Volumes"
  }
}
