package import AppState
package import Engines

extension CreatedResource {
  /// Whether it is a place for logs, without an engine.
  package var isDrain: Bool { type == SyslogDrain.kind.name }
}

extension InstanceState {
  /// The engine of a created resource; nil for an app and for a drain.
  package var createdEngine: (any Engine)? { created.flatMap { EngineRegistry.engine($0.type) } }

  /// The options of a created resource, defaults included; what was asked for last counts.
  package var createdOptions: [String: String] {
    guard let created else { return [:] }
    let defaults = (try? ResourceKind.named(created.type).defaults) ?? [:]
    let known = resources[handle]?.options ?? defaults
    return known.merging(created.parameters) { $1 }.filter { !$0.value.isEmpty }
  }
}
