package import AppState
import DrydockBase
import Engines
package import MonotonicTime
import NativeProcess
import Planning
import Servers

/// `resources rename`: lets a resource go on under another name, with its data.
///
/// The data stays where it lies; the record says under which name. So one write of the state is all of it, and nothing
/// is half renamed. The server takes its new name when it is started.
package struct RenameOperation: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let manifest: Set<String>?
  private let notice: @Sendable (String) -> Void

  /// A renaming in an app.
  /// - Parameter declared: The names in the app's manifest; nil where there is none.
  package init(
    context: DrydockContext, instance: InstanceState, declared: Set<String>?,
    notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.instance = instance
    self.manifest = declared
    self.notice = notice
  }

  /// Carries it out. The resource is stopped afterwards.
  /// - Throws: `DrydockError` saying what stands against it, and then nothing was changed.
  package func run(_ old: String, to new: String, until deadline: Deadline) async throws {
    let held = try await context.store.hold(
      instance.id, called: instance.handle, until: deadline, notice: notice)
    defer { _ = held }
    var state = held.state
    guard let record = state.resources[old] else {
      throw UnknownName.error("resource", old, known: state.resources.keys.sorted())
    }
    try refuse(old, new, record, state)
    if let kind = state.runtime, let server = context.catalog.server(record.type) {
      let runtime = try await RuntimeAccess(context: context, state: state).runtime(kind)
      try await runtime.stop(old, steps: server.stopSteps)
    }
    try forgetEmpty(new, &state)
    state.rename(old, to: new)
    try await context.store.saveOffThePool(state)
    try ServerCertificates(home: context.home, id: state.id).remove(old)
  }

  private func refuse(_ old: String, _ new: String, _ record: ResourceRecord, _ state: InstanceState) throws {
    if let manifest, manifest.contains(old) || !manifest.contains(new) {
      throw DrydockError(
        .failed,
        manifest.contains(old) ? "convox.yml still names \(old)" : "convox.yml names no resource \(new)",
        suggestion: "rename it there first, then run this again")
    }
    if state.resources[new]?.isDeployed(in: context.catalog) == true {
      throw DrydockError(
        .dataMismatch, "\(new) has data of its own by now",
        suggestion: "delete that first: drydock down \(new) --delete-data; or take the other way:",
        details: Self.byTransfer(old, new))
    }
    let replicas = state.resources.filter { $0.value.source == old }.keys.sorted()
    guard record.source == nil, replicas.isEmpty else {
      throw DrydockError(
        .failed,
        record.source.map { "\(old) is a read replica of \($0), which knows it by its name" }
          ?? "\(old) is the source of \(replicas.joined(separator: ", "))",
        suggestion: "take its data along by export and import:", details: Self.byTransfer(old, new))
    }
  }

  private static func byTransfer(_ old: String, _ new: String) -> [String] {
    [
      "drydock up \(old)", "drydock resources export \(old) -f \(old).dump", "drydock up",
      "drydock resources import \(new) -f \(old).dump", "drydock down \(old) --delete-data",
    ]
  }

  /// Of a resource that never came up there is a port, and nothing else that matters.
  private func forgetEmpty(_ name: String, _ state: inout InstanceState) throws {
    guard let port = state.resources[name]?.port else { return }
    try PortAllocator(folder: context.home.ports).release(
      port, owner: "\(state.id)/\(state.storage(of: name))")
  }
}

extension InstanceState {
  /// Moves a record; the data lies where it lay.
  mutating func rename(_ old: String, to new: String) {
    guard var record = resources.removeValue(forKey: old) else { return }
    record.storageName = record.storageName ?? old
    if record.storageName == new { record.storageName = nil }
    record.isRemoved = false
    resources[new] = record
  }
}

/// Resources that look as if they had been renamed in the manifest.
enum Renames {
  /// How the data could have come along.
  static func notices(_ plan: Plan, _ state: InstanceState) -> [String] {
    plan.items.filter { $0.action == .create && state.resources[$0.resource] == nil }.flatMap { new in
      let gone = plan.items.filter { $0.action == .stop && $0.type == new.type }
      guard gone.count == 1, let old = gone.first?.resource else { return [String]() }
      return [
        "\(new.resource) is new, and \(old) is no longer in the manifest; if that is a new name, its data goes along by: "
          + "drydock down \(new.resource) --delete-data; drydock resources rename \(old) \(new.resource); drydock up"
      ]
    }
  }
}
