package import AppState
import DrydockBase
import Engines
package import MonotonicTime
import Planning
import Resources
import Servers

/// Databases that runs of `drydock test --shared` left on an instance's servers, as they were killed.
package struct LeftDatabases: Sendable {
  private let context: DrydockContext
  private let state: InstanceState

  /// Those of an instance.
  package init(_ context: DrydockContext, _ state: InstanceState) {
    self.context = context
    self.state = state
  }

  /// What the databases' names begin with, one for each run.
  package var prefixes: [String] {
    SharedRun.left(context.home, state.id).map(SharedRun.database)
  }

  /// Drops them. A run is remembered as long as one of its servers cannot be reached.
  /// - Throws: What the servers say.
  package func clear(until deadline: Deadline) async throws {
    let left = SharedRun.left(context.home, state.id)
    guard !left.isEmpty, let servers = try await servers() else { return }
    for name in left {
      guard let run = SharedRun.takeOver(name, context.home, state.id) else { continue }
      try await SharedRun.clear(run.database, servers, until: deadline)
      try run.end()
    }
  }

  /// Every SQL server that has data; nil where one of them does not run.
  private func servers() async throws -> [SQLServer]? {
    guard let kind = state.runtime else { return [] }
    let runtime = try await RuntimeAccess(context: context, state: state).runtime(kind)
    let records = state.resources.filter { $0.value.source == nil && $0.value.externalURL == nil }
    let observed = try await runtime.observe(Array(records.keys))
    var servers: [SQLServer] = []
    for (name, record) in records.sorted(by: { $0.key < $1.key }) {
      guard let engine = context.catalog.server(record.type), engine.accounts != nil,
        let endpoint = state.endpoint(of: name, engine: engine)
      else { continue }
      guard observed[name]?.isRunning == true else {
        if observed[name]?.hasData == true { return nil }
        continue
      }
      let target = runtime.target(Launch.existing(name, record, engine, state), administrator: true)
      if let copies = engine.copies(target) {
        servers.append(SQLServer(copies: copies, endpoint: endpoint, needsTLS: false))
      }
    }
    return servers
  }
}
