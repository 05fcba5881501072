package import ConvoxManifest

extension ResourceCatalog {
  /// Every engine that drydock has, in the order in which they are listed to users. A new one is a new file and one line
  /// here.
  package static let builtIn = ResourceCatalog([
    PostgresEngine(),
    MySQLEngine(),
    MariaDBEngine(),
    RedisEngine(),
    RedisEngine.valkey,
    MemcachedEngine(),
    EFSEngine(),
  ])

  /// The engines of the types.
  package var engines: [any Engine] { definitions.compactMap { engine(of: $0) } }

  /// The engine of a type, by its v2 name; nil for a type that has none here.
  package func engine(_ type: String) -> (any Engine)? {
    definitions.first { $0.resourceType.name == type }.flatMap { engine(of: $0) }
  }

  private func engine(of definition: any ResourceDefinition) -> (any Engine)? {
    (definition.knowledge as? EngineKnowledge)?.engine
  }

  /// The same for a type whose resources are servers; nil for one whose are not (efs).
  package func server(_ type: String) -> (any ServerEngine)? { engine(type)?.server }
}

/// An engine, in the form in which a catalog finds it.
private final class EngineKnowledge: Sendable {
  let engine: any Engine

  init(_ engine: any Engine) { self.engine = engine }
}

extension Engine {
  package var knowledge: (any AnyObject & Sendable)? { EngineKnowledge(self) }
}
