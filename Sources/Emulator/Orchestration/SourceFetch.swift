import DrydockBase
import Engines
import Planning
import Servers

/// Fetches what runs resources: each image once, whoever is to run by it, and all of them at the same time.
struct SourceFetch: Sendable {
  /// A resource, with what is to run it.
  struct Wanted: Sendable {
    var spec: ResourceSpec
    var source: ServerSource
    /// The version of the server that made its data.
    var data: ServerVersion?
  }

  let runtime: any Runtime
  let isStrict: Bool
  let progress: @Sendable (_ resource: String, _ phase: String) -> Void

  /// The resources of a plan that are to be started.
  static func wanted(
    by plan: Plan, _ specs: [String: ResourceSpec], _ sources: [String: ServerSource],
    _ observed: [String: Observation]
  ) -> [Wanted] {
    plan.items.compactMap { item in
      guard [.start, .create, .promote].contains(item.action), let spec = specs[item.resource],
        let source = sources[item.resource]
      else { return nil }
      return Wanted(spec: spec, source: source, data: observed[item.resource]?.dataVersion)
    }
  }

  /// What runs each of them once it is here, or why it cannot be had.
  func run(_ wanted: [Wanted]) async -> [String: Result<ServerSource, any Error>] {
    let groups = Array(Dictionary(grouping: wanted, by: \.source.origin).values)
    let results = await concurrently(groups) { group in
      var results: [(String, Result<ServerSource, any Error>)] = []
      // One after the other: what the first has fetched is there for the others.
      for item in group {
        let result = await Result.of { try await fetch(item, for: group) }
        results.append((item.spec.name, result))
      }
      return results
    }
    return Dictionary(results.flatMap(\.self)) { first, _ in first }
  }

  private func fetch(_ item: Wanted, for group: [Wanted]) async throws -> ServerSource {
    try await runtime.fetch(item.source, for: item.spec, data: item.data, strict: isStrict) {
      [progress] phase in
      for waiting in group { progress(waiting.spec.name, phase) }
    }
  }
}
