package import AppState
package import ConvoxManifest
package import Engines

extension CreatedResource {
  /// Whether it is a place for logs, without an engine.
  package var isDrain: Bool { type == SyslogDrain.kind.name }
}

extension InstanceState {
  /// The engine of a created resource; nil for an app and for a drain.
  package func createdEngine(in catalog: ResourceCatalog) -> (any Engine)? {
    created.flatMap { catalog.engine($0.type) }
  }

  /// The options of a created resource, defaults included; what was asked for last counts.
  package func createdOptions(in catalog: ResourceCatalog) -> [String: String] {
    guard let created else { return [:] }
    let defaults = (try? catalog.kind(created.type).defaults) ?? [:]
    let known = resources[handle]?.options ?? defaults
    return known.merging(created.parameters) { $1 }.filter { !$0.value.isEmpty }
  }
}
