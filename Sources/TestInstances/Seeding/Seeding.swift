import AppState
import DrydockBase
import Engines
import Essentials
import Planning
import Resources
import Services
import Transfer
import TransportSecurity

/// Fills an instance that is up with what its tests begin with.
struct Seeding: Sendable {
  /// The instance's own context.
  let context: DrydockContext
  let workspace: Workspace
  let app: AppVariables
  let seeds: SeedRequest
  /// Where the results of seed commands are kept.
  let cache: String
  let notice: @Sendable (String) -> Void

  /// Fills it.
  /// - Parameter execute: Runs the seed command, and gives its status.
  /// - Throws: `DrydockError`, `CancellationError`.
  func run(_ execute: (_ words: [String]) async throws -> Int32) async throws {
    let store = try store()
    if let store, store.isComplete, let hold = store.use() {
      defer { _ = hold }
      // It may have gone before it was held.
      if store.isComplete { return try await restore(store) }
    }
    for file in seeds.files { try await load(file.path, into: file.resource) }
    guard let command = seeds.command else { return }
    let status = try await execute(["/bin/sh", "-c", command])
    try Task.checkCancellation()
    guard status == 0 else {
      throw DrydockError(.failed, "the seed command failed: its exit code is \(status)")
    }
    guard let store else {
      return notice("what --seed-command made is not kept: nothing says by --seed-inputs what it depends on")
    }
    do { try await keep(in: store) } catch let error as DrydockError {
      notice("what --seed-command made could not be kept: \(error.message)")
    }
  }

  private func store() throws -> SeedStore? {
    guard let command = seeds.command, !seeds.inputs.isEmpty else { return nil }
    let digest = Digest()
    digest.addPart(Array(command.utf8))
    for (name, record) in app.state.resources.sorted(by: { $0.key < $1.key }) {
      digest.addPart(Array("\(name) \(record.type) \(record.version ?? "")".utf8))
    }
    for file in seeds.files { digest.addPart(Array(file.resource.utf8)) }
    let folder = context.currentDirectory
    try SeedInputs(seeds.files.map(\.path), in: folder).add(to: digest)
    try SeedInputs(seeds.inputs, in: folder).add(to: digest)
    return SeedStore(cache: cache, key: digest.finish())
  }

  /// The servers whose data can be exported.
  private var kept: [String] {
    let nowhere = ClientPlace(port: 0, password: "", folder: "")
    return app.specs.filter { spec in
      spec.externalURL == nil && spec.source == nil && spec.engine.server != nil
        && spec.engine.transfer(nowhere) != nil && app.state.resources[spec.name] != nil
    }.map(\.name)
  }

  private func keep(in store: SeedStore) async throws {
    try store.begin()
    guard let hold = store.use() else { return }
    defer { _ = hold }
    for name in kept {
      let transfer = try transfer(name)
      try await DumpFile(store.file(of: name)).write { try await transfer.export(to: $0) }
    }
    try store.complete(content)
  }

  /// What a seed holds, for whoever looks at the cache.
  private var content: String {
    let resources = kept.map { name in
      [name, app.state.resources[name]?.type, app.state.resources[name]?.version].compactMap { $0 }
        .joined(separator: " ")
    }
    return "\(app.state.app): \(resources.joined(separator: ", "))"
  }

  private func restore(_ store: SeedStore) async throws {
    store.noteUse()
    do {
      for name in kept {
        // A redis without keys exports nothing.
        let size = try? FileManager.default.attributesOfItem(atPath: store.file(of: name))[.size] as? Int
        if size != 0 { try await load(store.file(of: name), into: name) }
      }
    } catch let error as DrydockError {
      store.discard()
      var error = error
      error.suggestion = "what was kept of the seed is forgotten; run it again"
      throw error
    }
  }

  private func load(_ path: String, into resource: String) async throws {
    let transfer = try transfer(resource)
    try await DumpFile(path).read { source in
      if let words = try await transfer.import(from: source) { notice("\(resource): \(words)") }
    }
  }

  private func transfer(_ resource: String) throws -> ResourceTransfer {
    let lookup = ResourceLookup(context: context, workspace: workspace, additions: app.environment)
    return ResourceTransfer(
      context: context, target: try lookup.target(resource, app: app.state), warn: notice)
  }
}
