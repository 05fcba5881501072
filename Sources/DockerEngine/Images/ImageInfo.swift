/// An image on this machine.
package struct ImageInfo: Sendable, Hashable {
  /// The digest of the image's configuration: `sha256:…`.
  package let id: String
  /// The names it is known by.
  package let repoTags: [String]
  /// The names with digests it was pulled by.
  package let repoDigests: [String]
  /// What it was made for.
  package let platform: Platform
  /// When it was made, in RFC 3339.
  package let created: String?
  /// Its size, in bytes.
  package let size: Int
  package let labels: [String: String]
  /// Its environment, as `NAME=value`.
  package let environment: [String]
  /// The ports it says to listen on, as `5432/tcp`.
  package let exposedPorts: [String]
  /// The paths it declares as volumes.
  package let volumes: [String]
  /// The user its process runs as; empty for root.
  package let user: String
  /// Where its process runs; empty for `/`.
  package let workingDirectory: String
  /// Its default command.
  package let command: [String]
  /// Its entry point.
  package let entrypoint: [String]

  /// The value of a variable in the image's environment.
  package func variable(_ name: String) -> String? {
    environment.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}

extension ImageInfo: Decodable {
  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case repoTags = "RepoTags"
    case repoDigests = "RepoDigests"
    case os = "Os"
    case architecture = "Architecture"
    case variant = "Variant"
    case created = "Created"
    case size = "Size"
    case config = "Config"
  }

  private struct Config: Decodable {
    let labels: [String: String]?
    let environment: [String]?
    let exposedPorts: [String: Empty]?
    let volumes: [String: Empty]?
    let user: String?
    let workingDirectory: String?
    let command: [String]?
    let entrypoint: [String]?

    enum CodingKeys: String, CodingKey {
      case labels = "Labels"
      case environment = "Env"
      case exposedPorts = "ExposedPorts"
      case volumes = "Volumes"
      case user = "User"
      case workingDirectory = "WorkingDir"
      case command = "Cmd"
      case entrypoint = "Entrypoint"
    }
  }

  /// Decodes the answer of `GET /images/{name}/json`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let config = try values.decodeIfPresent(Config.self, forKey: .config)
    let variant = try values.decodeIfPresent(String.self, forKey: .variant)
    id = try values.decode(String.self, forKey: .id)
    repoTags = try values.decodeIfPresent([String].self, forKey: .repoTags) ?? []
    repoDigests = try values.decodeIfPresent([String].self, forKey: .repoDigests) ?? []
    platform = Platform(
      os: try values.decode(String.self, forKey: .os),
      architecture: try values.decode(String.self, forKey: .architecture),
      variant: variant.flatMap { $0.isEmpty ? nil : $0 })
    created = try values.decodeIfPresent(String.self, forKey: .created)
    size = try values.decodeIfPresent(Int.self, forKey: .size) ?? 0
    labels = config?.labels ?? [:]
    environment = config?.environment ?? []
    exposedPorts = (config?.exposedPorts ?? [:]).keys.sorted()
    volumes = (config?.volumes ?? [:]).keys.sorted()
    user = config?.user ?? ""
    workingDirectory = config?.workingDirectory ?? ""
    command = config?.command ?? []
    entrypoint = config?.entrypoint ?? []
  }
}

/// An image in a listing.
package struct ImageSummary: Sendable, Hashable, Decodable {
  /// The digest of the image's configuration: `sha256:…`.
  package let id: String
  /// The names it is known by.
  package let repoTags: [String]
  package let labels: [String: String]
  /// Its size with all that it is built on, in bytes.
  package let size: Int
  /// When it was made, in seconds since 1970.
  package let created: Int

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case repoTags = "RepoTags"
    case labels = "Labels"
    case size = "Size"
    case created = "Created"
  }

  /// Decodes an entry of `GET /images/json`.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    // Engines before API 1.43 write "<none>:<none>" for an image without a name.
    let tags = try values.decodeIfPresent([String].self, forKey: .repoTags) ?? []
    repoTags = tags.filter { $0 != "<none>:<none>" }
    labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
    size = try values.decodeIfPresent(Int.self, forKey: .size) ?? 0
    created = try values.decodeIfPresent(Int.self, forKey: .created) ?? 0
  }
}

/// The empty object that the API uses where only a key counts.
struct Empty: Codable, Sendable, Hashable {}
