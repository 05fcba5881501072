import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Foundation
import MonotonicTime
import NativeProcess

/// Makes services ready to be supervised: reads what the manifest and the app env say now, decides ports and numbers of
/// replicas, and works out commands and variables.
struct ServicePreparation: Sendable {
  let context: DrydockContext
  let workspace: Workspace
  /// The instance, whose resources are up.
  let id: String
  /// What `--env-file` adds to the app env.
  let extraEnvironment: [String: String]
  /// The rack whose app env is taken; nil for the local one.
  let rack: String?
  let options: ServiceOptions
  let keeper: Keeper
  /// With what processes end whatever happens; nil for nothing.
  let leash: Leash?
  /// Whether what processes bind can be moved to ports of their own.
  let mapsPorts: Bool
  let routers: ServiceRouters

  private var folder: ServiceFolder { ServiceFolder(home: context.home, id: id) }

  /// Prepares services, all of the manifest's where none is named.
  /// - Throws: `ManifestError`, `DrydockError`.
  func prepare(_ names: [String]) async throws -> [PreparedService] {
    let variables = try look()
    let services = try choose(names, of: variables.manifest)
    let records = try await decide(services)
    let urls = Self.urls(records)
    let started = Set(services.map(\.name))
    let look = ServiceLook(
      workspace: workspace, path: context.environment["PATH"], runtime: variables.state.runtime)
    var prepared: [PreparedService] = []
    for service in services {
      let record = records.services[service.name] ?? ServiceRecord()
      if let port = record.port {
        try await routers.open(service.name, port: port, isSticky: service.routing.isSticky)
      }
      let choice = try ServiceChoice.decide(service, options.way, look.facts(service))
      let runner: any ReplicaRunner =
        switch choice.kind {
        case .process: try process(service, variables, urls, folder: look.folder(of: service))
        case .container: try await container(service, variables)
        }
      prepared.append(
        PreparedService(
          spec: ServiceSpec(service, kind: choice.kind, count: record.count ?? 1, started: started),
          runner: runner,
          url: urls[service.name]))
    }
    return prepared
  }

  private func look() throws -> AppVariables {
    guard let state = try context.store.load(id) else {
      throw DrydockError(.failed, "the app was deleted by another drydock command")
    }
    let environment = state.appEnvironment(rack: rack).merging(extraEnvironment) { $1 }
    return try AppVariables(context, workspace, state, environment: environment)
  }

  private func choose(_ names: [String], of manifest: Manifest) throws -> [Service] {
    for name in names where manifest.service(named: name) == nil {
      throw UnknownName.error("service", name, known: manifest.services.map(\.name))
    }
    return names.isEmpty ? manifest.services : manifest.services.filter { names.contains($0.name) }
  }

  /// Decides what has no decision yet: published ports, and the number of replicas at the first start.
  private func decide(_ services: [Service]) async throws -> ServiceRecords {
    let ports = ServicePorts(home: context.home, id: id)
    return try await ServiceStore(folder).update { records in
      for service in services {
        var record = records.services[service.name] ?? ServiceRecord()
        record.port = try service.port == nil ? nil : ports.published(service.name, wanted: nil)
        record.count = record.count ?? service.scaling.count.min
        records.services[service.name] = record
      }
      return records
    }
  }

  /// Where services are reached from this machine.
  private static func urls(_ records: ServiceRecords) -> [String: String] {
    records.services.compactMapValues { $0.port.map { "http://127.0.0.1:\($0)" } }
  }

  private func process(
    _ service: Service, _ variables: AppVariables, _ urls: [String: String], folder workingFolder: String
  ) throws -> ProcessRunner {
    guard let command = OwnCommand(service) else {
      throw DrydockError(.manifestInvalid, "\(service.name) has no command: that could run as a process")
    }
    let own = try variables.variables(of: service, urls: urls) + variables.volumeVariables(of: service)
    let names = Set(own.map(\.name)).union(context.environment.keys)
    let all = own + (try variables.trustVariables(of: service, besides: names)).variables
    let mounts = options.withoutMounts ? [] : variables.mounts(of: service)
    let words = command.arguments(keeper: keeper.executable)
    let launch = ProcessLaunch(
      words: mounts.isEmpty ? words : try MountHelper.locate(context).wrap(words, mounts),
      folder: workingFolder, environment: context.environment.merging(all.map { ($0.name, $0.value) }) { $1 },
      port: service.port?.number, mapping: mapping(all.map(\.name)), grace: .seconds(service.process.grace))
    return ProcessRunner(
      launch: launch, folder: folder, ports: ServicePorts(home: context.home, id: id), keeper: keeper,
      leash: leash)
  }

  private func mapping(_ variables: [String]) -> PortMapping {
    if mapsPorts { return .mapped }
    return variables.contains("PORT") ? .variable : .declared
  }
}

extension ServiceSpec {
  /// A service of the manifest.
  /// - Parameter started: The services that are started with it.
  init(_ service: Service, kind: ServiceKind, count: Int, started: Set<String>) {
    let asksForPath = service.port?.scheme.isHTTP == true && !service.health.isDisabled
    self.init(
      name: service.name, kind: kind, port: service.port?.number,
      health: HealthRule(
        path: asksForPath ? service.health.path : nil, grace: .seconds(service.health.grace),
        interval: .seconds(max(1, service.health.interval)), timeout: .seconds(max(1, service.health.timeout))
      ),
      count: count, waitsFor: service.links.filter { started.contains($0) && $0 != service.name },
      grace: .seconds(service.process.grace), drain: .seconds(service.routing.drain),
      isSingleton: service.process.isSingleton)
  }
}
