import Synchronization

/// How each service was prepared last.
final class DefinitionBook: Sendable {
  private let known = Mutex<[String: ServiceDefinition]>([:])

  /// Notes how services are prepared.
  func note(_ definitions: [String: ServiceDefinition]) { known.withLock { $0.merge(definitions) { $1 } } }

  /// The services that would be started in another way now, each with the difference.
  func differences(to now: [String: ServiceDefinition]) -> [(service: String, difference: String)] {
    known.withLock { known in
      now.sorted { $0.key < $1.key }.compactMap { name, definition in
        guard let old = known[name], old != definition else { return nil }
        return (name, definition.difference(from: old))
      }
    }
  }
}
