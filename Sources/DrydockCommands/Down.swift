import AppState
import ArgumentParser
import DrydockBase
import Emulator
import MonotonicTime
import Planning
import Resources
import Services
import TerminalProgress

/// `drydock down`.
struct Down: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down",
    abstract: "Stop the app's resources. Data is kept unless asked otherwise.",
    discussion: """
      Examples:
        drydock down
        drydock down mydb --delete-data
        drydock down --all
      """)

  @Argument(help: "The resources to stop; else all.", completion: NameCompletion.resources)
  var resources: [String] = []

  @Flag(help: "Every instance on this machine.")
  var all = false

  @Flag(name: .customLong("delete-data"), help: "Delete the data too, for good.")
  var deleteData = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if all, !resources.isEmpty { throw ValidationError("--all and names of resources exclude each other") }
  }

  func run() async throws {
    let session = Session(common.shared)
    let unread = session.unreadInstances(all: all)
    if !unread.isEmpty { try await stop(unread, session) }
    let instances =
      all
      ? session.context.store.all() : unread.isEmpty ? try session.existingInstance().map { [$0] } ?? [] : []
    guard unread.isEmpty || !instances.isEmpty else { return }
    guard !instances.isEmpty else {
      session.console.note("nothing is running")
      if common.format == .json { try session.console.print(json: [StoppedResource]()) }
      return
    }
    if !all, let created = instances.first(where: { $0.created != nil }) {
      session.console.note("\(created.handle) is no app, but a resource that was created on its own")
    }
    let ending = Set(instances.map(\.id))
    if deleteData {
      for instance in instances {
        try LinkedResources(context: session.context).refuseDeletion(instance, ending: ending)
        try DeletionProtection.refuse(resources.isEmpty ? nil : resources, instance)
      }
    }
    try await confirm(instances, session.console)
    let hadServices = resources.isEmpty ? try await stopServices(of: instances, session) : false
    let ended = try await EveryInstance(instances) { instance in
      let operation = DownOperation(
        context: session.context, instance: instance, selected: resources.isEmpty ? nil : resources,
        deletesData: deleteData, ending: ending, notice: session.console.note)
      return try await operation.run(until: .after(.seconds(120))).map { (instance.handle, $0) }
    }
    if deleteData, resources.isEmpty { try await deleteServiceData(of: instances, session) }
    try render(
      ended.values, hadServices: hadServices,
      created: instances.filter { $0.created != nil }.map(\.handle), session.console)
    try ended.finish()
  }

  /// Without their resources services are of no use.
  /// - Returns: Whether any were running.
  private func stopServices(of instances: [InstanceState], _ session: Session) async throws -> Bool {
    var found = false
    for instance in instances where instance.created == nil {
      let stopped = try await StopServices(context: session.context, id: instance.id).run([])
      for service in stopped { session.console.note("\(service) stopped") }
      found = found || !stopped.isEmpty
    }
    return found
  }

  private func deleteServiceData(of instances: [InstanceState], _ session: Session) async throws {
    for instance in instances where instance.created == nil {
      try await StopServices(context: session.context, id: instance.id).deleteAll(instance.runtime)
    }
  }

  /// Stops the engines of instances whose state cannot be read. Their data is not this command's to delete, as nothing
  /// says whether it may go.
  private func stop(_ unread: [UnreadState], _ session: Session) async throws {
    for unread in unread {
      if deleteData { throw unread.refusal("the data of \(unread.id) is not deleted") }
      guard resources.isEmpty else { throw unread.refusal("single resources of it cannot be stopped") }
      session.console.warn(unread.error.text)
      let stopped = try await UnreadInstance(context: session.context, unread: unread).stop()
      for outcome in stopped where outcome.wasRunning {
        session.console.note("\(unread.id): \(outcome.resource) stopped, data kept")
      }
    }
  }

  private func confirm(_ instances: [InstanceState], _ console: Console) async throws {
    guard deleteData, !yes else { return }
    let what = resources.isEmpty ? "all data" : "the data of \(resources.joined(separator: ", "))"
    let apps = instances.map(\.handle).joined(separator: ", ")
    guard console.isInteractive else {
      throw DrydockError(
        .usage, "--delete-data deletes \(what) of \(apps) for good", suggestion: "say --yes too")
    }
    guard try await console.confirm("Delete \(what) of \(apps) for good?") else {
      throw DrydockError(.failed, "nothing was deleted")
    }
  }

  private func render(
    _ outcomes: [(app: String, DownOperation.Outcome)], hadServices: Bool, created: [String],
    _ console: Console
  ) throws {
    if common.format == .json { return try console.print(json: outcomes.map(StoppedResource.init)) }
    if !outcomes.contains(where: \.1.wasRunning), !hadServices { console.note("nothing was running") }
    let told = outcomes.filter { $0.1.wasRunning || $0.1.dataDeleted }
    let rows = told.map { app, outcome in
      let data = outcome.dataDeleted ? "data deleted" : "data kept"
      // A resource that was created on its own has no app.
      let place = all ? [created.contains(app) ? "-" : app] : []
      return place + [outcome.resource, (outcome.wasRunning ? "stopped, " : "") + data]
    }
    if !rows.isEmpty { console.print(Table(rows: rows).rendered()) }
  }
}

/// One resource of a `down`.
struct StoppedResource: Codable, Sendable {
  let app: String
  let resource: String
  let wasRunning: Bool
  let dataDeleted: Bool

  init(app: String, outcome: DownOperation.Outcome) {
    self.app = app
    resource = outcome.resource
    wasRunning = outcome.wasRunning
    dataDeleted = outcome.dataDeleted
  }
}
