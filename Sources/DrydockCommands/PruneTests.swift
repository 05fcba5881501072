import AppState
import DrydockBase
import MonotonicTime
import TestInstances

/// What `drydock prune` knows of test runs: instances that were kept, and databases on servers that go on.
struct PruneTests: Sendable {
  private let context: DrydockContext
  private let kept: [KeptInstances.Found]
  private let databases: [(app: InstanceState, prefixes: [String])]

  /// Looks.
  /// - Parameter apps: The instances that stay.
  init(_ context: DrydockContext, apps: [InstanceState]) {
    self.context = context
    kept = KeptInstances(context).all()
    databases = apps.map { ($0, LeftDatabases(context, $0).prefixes) }.filter { !$0.prefixes.isEmpty }
  }

  /// A row each, for a person.
  var rows: [[String]] {
    kept.map { [$0.name, $0.folder, "kept by drydock test for \($0.state.handle)"] }
      + databases.flatMap { app, prefixes in
        prefixes.map { [$0, app.path, "databases that drydock test --shared left in \(app.handle)"] }
      }
  }

  /// The same, for programs.
  var entries: [PrunedInstance] {
    kept.map { found in
      var entry = PrunedInstance(found.state)
      (entry.path, entry.test) = (found.folder, found.name)
      return entry
    }
      + databases.flatMap { app, prefixes in
        prefixes.map { prefix in
          var entry = PrunedInstance(app)
          entry.databases = prefix
          return entry
        }
      }
  }

  /// Removes them.
  /// - Throws: The first failure, once all were tried.
  func remove(_ console: Console) async throws {
    var failures: [(resource: String, error: DrydockError)] = []
    func attempt(_ name: String, _ work: () async throws -> Void) async throws {
      do {
        try await work()
        console.note("removed \(name)")
      } catch  where !(error is CancellationError) {
        failures.append((name, DrydockError(error)))
      }
    }
    if !kept.isEmpty {
      let leftovers = ThrowAwayLeftovers(home: context.home, keeper: try context.nativeKeeper())
      for found in kept {
        try await attempt(found.name) { try await leftovers.remove(found.name, until: .after(.seconds(60))) }
      }
    }
    for (app, prefixes) in databases {
      let left = LeftDatabases(context, app)
      try await attempt(prefixes.joined(separator: ", ")) {
        try await left.clear(until: .after(.seconds(60)))
        guard left.prefixes.isEmpty else {
          throw DrydockError(
            .failed, "the databases of \(app.handle) are dropped once all its SQL servers run",
            suggestion: "start them: drydock up --app \(app.handle)")
        }
      }
    }
    if !failures.isEmpty { throw AggregateError(failures) }
  }
}
