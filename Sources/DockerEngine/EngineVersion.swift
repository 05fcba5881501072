/// What an engine says about itself, from `GET /version`.
package struct EngineVersion: Sendable, Hashable, Codable {
  /// The engine's own version, such as 28.0.1.
  package let version: String
  /// The newest API version it speaks.
  package let apiVersion: String
  /// The oldest API version it speaks; nil where the engine does not say.
  package let minAPIVersion: String?
  /// Its operating system, as Go names it: `linux`.
  package let os: String
  /// Its processor architecture, as Go names it: `amd64`, `arm64`.
  package let arch: String

  enum CodingKeys: String, CodingKey {
    case version = "Version"
    case apiVersion = "ApiVersion"
    case minAPIVersion = "MinAPIVersion"
    case os = "Os"
    case arch = "Arch"
  }
}

/// What `GET /info` tells about the engine and its host.
package struct EngineInfo: Sendable, Hashable, Codable {
  /// The host's name.
  package let name: String?
  /// The version of the engine.
  package let serverVersion: String?
  /// The number of processors that containers may use.
  package let processors: Int?
  /// The memory that containers may use, in bytes.
  package let memory: Int?
  /// The operating system of the host in words, such as "Docker Desktop".
  package let operatingSystem: String?
  /// The folder of the host in which the engine keeps images, containers and volumes.
  package let dataFolder: String?

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case serverVersion = "ServerVersion"
    case processors = "NCPU"
    case memory = "MemTotal"
    case operatingSystem = "OperatingSystem"
    case dataFolder = "DockerRootDir"
  }
}
