import AppState
import ConvoxManifest
import DrydockBase
import LiveCode
import MonotonicTime
import NativeProcess
import Resources
import Servers

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
  /// Whether processes can see folders at other paths than where they lie.
  let mountsFolders: Bool
  let routers: ServiceRouters
  /// What those in containers have in common.
  let site: ContainerSite
  /// Told what takes time.
  let notice: @Sendable (String) -> Void
  /// The app env that counts in place of the instance's; nil for the instance's.
  var appEnvironment: [String: String]?
  /// What has changed of the services' files since their images were built.
  let journal = CodeJournal()
  /// How the services were prepared.
  let definitions = DefinitionBook()
  /// What was said of them.
  let told = ToldNotices()

  var folder: ServiceFolder { ServiceFolder(home: context.home, id: id) }

  /// Prepares services, all of the manifest's where none is named.
  /// - Throws: `ManifestError`, `DrydockError`.
  func prepare(_ names: [String]) async throws -> [PreparedService] {
    let variables = try look()
    let settings = try workspace.settings(for: variables.manifest)
    let services = try choose(names, of: variables.manifest, settings)
    let linked = Set(services.flatMap(\.links))
    let reached = variables.manifest.services.filter { linked.contains($0.name) }
    let records = try await decide(services, reached: reached, settings)
    let urls = urls(records, variables.manifest)
    // Where its variables are to be had, it has to be there.
    if options.speaksTLS {
      _ = try await LocalAuthority(home: context.home).open(until: .after(.seconds(30)))
    }
    let started = Dictionary(services.map { ($0.name, $0.links) }) { first, _ in first }
    let choices = try choices(of: services, settings, variables)
    definitions.note(try definitions(of: services, variables, urls, started, choices.mapValues(\.kind)))
    tellLimits(services, choices)
    let images = try await images(of: services.filter { choices[$0.name]?.kind == .container }, variables)
    var prepared: [PreparedService] = []
    for service in services {
      guard let choice = choices[service.name] else { continue }
      let record = records.services[service.name] ?? ServiceRecord()
      try await openRouters(service, record, variables.state)
      let runner = try await runner(
        service, OwnCommand(service), variables, urls, image: images[service.name],
        ports: BoundPorts(of: service),
        hasTerminal: settings.terminals.union(options.terminals).contains(service.name))
      var one = PreparedService(
        spec: ServiceSpec(service, kind: choice.kind, count: record.count ?? 1, started: started),
        runner: runner, url: urls[service.name],
        browserURL: browserURL(service, urls[service.name], variables.state))
      one.plainURL = plainURL(record)
      one.ports = record.publishedPorts(of: service)
      prepared.append(one)
    }
    return prepared
  }

  /// Says what `--aws-limits` comes to.
  private func tellLimits(_ services: [Service], _ choices: [String: ServiceChoice]) {
    guard options.appliesLimits else { return }
    for service in services {
      let scaling = service.scaling
      let limits = "\(scaling.memory) MB of memory, \(scaling.cpu) of 1024 parts of a processor"
      notice(
        choices[service.name]?.kind == .container
          ? "\(service.name) has \(limits)"
          : "\(service.name) runs as a process, which cannot be given AWS's limits (\(limits))")
    }
  }

  /// Lets go of what was made for services behind work after which none of them runs any more.
  func closing<Value>(_ work: () async throws -> Value) async throws -> Value {
    let result: Result<Value, any Error>
    do { result = .success(try await work()) } catch { result = .failure(error) }
    await routers.close()
    await site.close()
    return try result.get()
  }

  /// What runs a command as a service's: in a container where there is an image for it, else as a process.
  func runner(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, _ urls: [String: String],
    image: String?, ports: BoundPorts, hasTerminal: Bool = false
  ) async throws -> any ReplicaRunner {
    if let image {
      return try await container(
        service, command, variables, image: image, ports: ports, hasTerminal: hasTerminal)
    }
    var runner = try process(
      service, command, variables, urls, folder: place(variables).folder(of: service), ports: ports)
    runner.launch.hasTerminal = hasTerminal
    return runner
  }

  /// How services run, each with the reason.
  func choices(
    of services: [Service], _ settings: DrydockSettings, _ variables: AppVariables
  ) throws -> [String: ServiceChoice] {
    let place = place(variables)
    var choices: [String: ServiceChoice] = [:]
    for service in services {
      let way = options.way == .auto ? ServiceWay(settings.kinds[service.name]) : options.way
      choices[service.name] = try ServiceChoice.decide(service, way, place.facts(service))
    }
    return choices
  }

  /// What this machine has for services. Where no server of the app's own decides the runtime, it has no need of either.
  private func place(_ variables: AppVariables) -> ServiceLook {
    let runtime = ServiceLook.decisiveRuntime(
      variables.specs, variables.state, LinkedResources(context: context))
    return ServiceLook(
      workspace: workspace, path: context.environment["PATH"], runtime: runtime ?? options.runtime)
  }

  /// What the state, the app env and the manifest say now.
  /// - Throws: `ManifestError`, `DrydockError`.
  func look() throws -> AppVariables {
    guard let state = try context.store.load(id) else {
      throw DrydockError(.failed, "the app was deleted by another drydock command")
    }
    let environment = (appEnvironment ?? state.appEnvironment(rack: rack)).merging(extraEnvironment) { $1 }
    return try AppVariables(context, workspace, state, environment: environment)
  }

  /// Whether the manifest has a service of that name now.
  func isNamed(_ service: String) throws -> Bool { try look().manifest.service(named: service) != nil }

  /// The services that are named; without names, all but those that drydock.yml leaves out.
  private func choose(
    _ names: [String], of manifest: Manifest, _ settings: DrydockSettings
  ) throws -> [Service] {
    for name in names where manifest.service(named: name) == nil {
      throw UnknownName.error("service", name, known: manifest.services.map(\.name))
    }
    return names.isEmpty
      ? manifest.services.filter { settings.kinds[$0.name] != .off }
      : manifest.services.filter { names.contains($0.name) }
  }
}
