package import ConvoxManifest

/// Every engine there is. A new one is a new file and one line here.
package enum EngineRegistry {
  /// The engines in the order in which they are listed to users.
  package static let all: [any Engine] = [
    PostgresEngine(),
    MySQLEngine(),
    MariaDBEngine(),
    RedisEngine(),
    RedisEngine.valkey,
    MemcachedEngine(),
    EFSEngine(),
  ]

  /// The resource types as the manifest's rules want them.
  package static let catalog = ResourceCatalog(all.map(\.resourceType))

  /// The engine of a type.
  package static func engine(_ type: String) -> (any Engine)? {
    all.first { $0.resourceType.name == type }
  }
}
