/// What an engine says about itself, from `GET /version`.
public struct EngineVersion: Sendable, Hashable, Codable {
  /// The engine's own version, such as 28.0.1.
  public let version: String
  /// The newest API version it speaks.
  public let apiVersion: String
  /// The oldest API version it speaks; nil where the engine does not say.
  public let minAPIVersion: String?
  /// Its operating system, as Go names it: `linux`.
  public let os: String
  /// Its processor architecture, as Go names it: `amd64`, `arm64`.
  public let arch: String

  enum CodingKeys: String, CodingKey {
    case version = "Version"
    case apiVersion = "ApiVersion"
    case minAPIVersion = "MinAPIVersion"
    case os = "Os"
    case arch = "Arch"
  }
}

/// What `GET /info` tells about the engine and its host.
public struct EngineInfo: Sendable, Hashable, Codable {
  /// The host's name.
  public let name: String?
  /// The version of the engine.
  public let serverVersion: String?
  /// `rootless`, `userns`, `seccomp` and the like, as `name=…` entries.
  public let securityOptions: [String]?
  /// The number of processors that containers may use.
  public let processors: Int?
  /// The memory that containers may use, in bytes.
  public let memory: Int?
  /// The operating system of the host in words, such as "Docker Desktop".
  public let operatingSystem: String?

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case serverVersion = "ServerVersion"
    case securityOptions = "SecurityOptions"
    case processors = "NCPU"
    case memory = "MemTotal"
    case operatingSystem = "OperatingSystem"
  }

  /// Whether the engine runs without root's rights.
  public var isRootless: Bool { (securityOptions ?? []).contains { $0.contains("rootless") } }

  /// Whether containers' users are mapped to others on the host.
  public var hasUserNamespaces: Bool { (securityOptions ?? []).contains { $0.contains("userns") } }
}
