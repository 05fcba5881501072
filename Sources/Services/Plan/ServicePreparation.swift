import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
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
  private let told = ToldNotices()

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

  /// Lets go of what was made for services, once none runs any more.
  func close() async {
    await routers.close()
    await site.close()
  }

  /// What runs a command as a service's: in a container where there is an image for it, else as a process.
  private func runner(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, _ urls: [String: String],
    image: String?,
    ports: BoundPorts, hasTerminal: Bool = false
  ) async throws -> any ReplicaRunner {
    if let image {
      return try await container(
        service, command, variables, image: image, ports: ports, hasTerminal: hasTerminal)
    }
    let look = ServiceLook(
      workspace: workspace, path: context.environment["PATH"], runtime: runtime(variables))
    var runner = try process(
      service, command, variables, urls, folder: look.folder(of: service), ports: ports)
    runner.launch.hasTerminal = hasTerminal
    return runner
  }

  func choices(
    of services: [Service], _ settings: DrydockSettings, _ variables: AppVariables
  ) throws -> [String: ServiceChoice] {
    let look = ServiceLook(
      workspace: workspace, path: context.environment["PATH"], runtime: runtime(variables))
    var choices: [String: ServiceChoice] = [:]
    for service in services {
      let way = options.way == .auto ? ServiceWay(settings.kinds[service.name]) : options.way
      choices[service.name] = try ServiceChoice.decide(service, way, look.facts(service))
    }
    return choices
  }

  /// Runs commands of drydock.yml, one after the other, each as its service's.
  /// - Throws: `DrydockError` for one that fails, with its last words.
  func run(_ hooks: KeyPath<DrydockSettings, [DrydockSettings.Hook]>) async throws {
    let variables = try look()
    let settings = try workspace.settings(for: variables.manifest)
    let urls = urls(try ServiceStore(folder).load(), variables.manifest)
    for hook in settings[keyPath: hooks] {
      guard let service = variables.manifest.service(named: hook.service) else { continue }
      let choice = try choices(of: [service], settings, variables)[service.name]
      let command = hook.argv.map(OwnCommand.words) ?? .shell(hook.command)
      notice("\(service.name): \(hook.command)")
      try await OneRun(
        runner: try await onceRunner(service, command, choice, variables, urls),
        replica: ServiceReplica(service: service.name, number: 0)
      ).run(as: "\(hook.location): \(hook.command)")
    }
  }

  /// What runs a command once as a service's.
  private func onceRunner(
    _ service: Service, _ command: OwnCommand, _ choice: ServiceChoice?, _ variables: AppVariables,
    _ urls: [String: String]
  ) async throws -> any ReplicaRunner {
    guard choice?.kind == .container else {
      return try await runner(service, command, variables, urls, image: nil, ports: .none)
    }
    var image = await site.image(of: service.name)
    if image == nil { image = try await images(of: [service], variables)[service.name] }
    return try await runner(service, command, variables, urls, image: image, ports: .none)
  }

  /// The timers of services that are started.
  func timers(of services: Set<String>) throws -> [ConvoxManifest.Timer] {
    try look().manifest.timers.filter { $0.service.map(services.contains) ?? false }
  }

  /// Runs a timer's command once, with what the manifest and the app env say now.
  /// - Parameter number: Which of several runs of it at the same time this is, from 1.
  /// - Throws: `DrydockError` where it fails.
  func run(_ timer: ConvoxManifest.Timer, number: Int) async throws {
    try await OneRun(runner: try await runner(of: timer), replica: .run(ofTimer: timer.name, number))
      .run(as: "the timer \(timer.name)")
  }

  /// A timer, as the manifest has it now.
  func timer(named name: String) throws -> ConvoxManifest.Timer {
    let timers = try look().manifest.timers
    guard let timer = timers.first(where: { $0.name == name }) else {
      throw UnknownName.error("timer", name, known: timers.map(\.name))
    }
    return timer
  }

  /// What runs a timer's command once, with what the manifest and the app env say now.
  func runner(of timer: ConvoxManifest.Timer) async throws -> any ReplicaRunner {
    let variables = try look()
    guard let name = timer.service, let service = variables.manifest.service(named: name),
      let command = timer.command
    else {
      throw DrydockError(
        .manifestInvalid, "the timer \(timer.name) has no service or no command: \(variables.manifest.file)")
    }
    let settings = try workspace.settings(for: variables.manifest)
    let urls = urls(try ServiceStore(folder).load(), variables.manifest)
    let choice = try choices(of: [service], settings, variables)[service.name]
    return try await onceRunner(service, .shell(command), choice, variables, urls)
  }

  /// What runs a command once as a service's, with what the manifest and the app env say now.
  /// - Throws: `DrydockError` for a service that there is not, and for one that cannot run here.
  func runner(of run: ServiceRun) async throws -> any ReplicaRunner {
    let variables = try look()
    guard let service = variables.manifest.service(named: run.service) else {
      throw UnknownName.error("service", run.service, known: variables.manifest.services.map(\.name))
    }
    let settings = try workspace.settings(for: variables.manifest)
    let urls = urls(try ServiceStore(folder).load(), variables.manifest)
    let choice = try choices(of: [service], settings, variables)[service.name]
    let runner = try await onceRunner(service, .shell(run.command), choice, variables, urls)
    return run.adjusting(runner)
  }

  /// Where the resources run; nil where none decides it, as an app without servers of its own has no need of either.
  private func runtime(_ variables: AppVariables) -> RuntimeKind? {
    ServiceLook.decisiveRuntime(variables.specs, variables.state, LinkedResources(context: context))
      ?? options.runtime
  }

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

  /// Decides what has no decision yet: published ports, also of the services that these link, as where a link leads does
  /// not depend on what is started; and the number of replicas at the first start.
  private func decide(
    _ services: [Service], reached: [Service], _ settings: DrydockSettings
  ) async throws -> ServiceRecords {
    let ports = ServicePorts(home: context.home, id: id)
    return try await ServiceStore(folder).update { records in
      for service in services {
        var record = records.services[service.name] ?? ServiceRecord()
        record.port =
          try service.port == nil ? nil : ports.published(service.name, wanted: settings.ports[service.name])
        record.securePort =
          try options.speaksTLS && service.port?.scheme == .http
          ? ports.secure(service.name) : service.port?.scheme == .http ? record.securePort : nil
        let further = try service.furtherPorts.map {
          let wanted = settings.furtherPorts[service.name]?[$0]
          return ($0, try ports.published(service.name, further: $0, wanted: wanted))
        }
        record.ports = further.isEmpty ? nil : Dictionary(further) { first, _ in first }
        record.count = try record.count ?? Self.count(of: service)
        records.services[service.name] = record
      }
      for service in reached where service.port != nil && records.services[service.name]?.port == nil {
        records.services[service.name, default: ServiceRecord()].port = try ports.published(
          service.name, wanted: settings.ports[service.name])
        guard options.speaksTLS, service.port?.scheme == .http else { continue }
        records.services[service.name]?.securePort = try ports.secure(service.name)
      }
      return records
    }
  }

  /// The number of replicas that the manifest wants.
  private static func count(of service: Service) throws -> Int {
    let count = service.scaling.count.min
    // Convox's own words for what AWS answers.
    guard count >= 0 else {
      throw DrydockError(
        .manifestInvalid, "\(service.location): \(service.name): Task count can not be lesser than 0",
        suggestion: "0 is for a service that is not started")
    }
    guard count <= ServiceSpec.replicaLimit else {
      throw DrydockError(
        .manifestInvalid,
        "\(service.location): a service has \(ServiceSpec.replicaLimit) replicas here at most",
        suggestion: "write fewer, or: drydock scale \(service.name)=1")
    }
    return count
  }

  func process(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, _ urls: [String: String],
    folder workingFolder: String, ports: BoundPorts
  ) throws -> ProcessRunner {
    guard let command = command ?? OwnCommand(process: service, in: workspace) else {
      throw DrydockError(.manifestInvalid, "\(service.name) has no command: that could run as a process")
    }
    let own = try variables.variables(of: service, urls: urls) + variables.volumeVariables(of: service)
    let names = Set(own.map(\.name)).union(context.environment.keys)
    let all =
      own
      + (try variables.trustVariables(
        of: service, besides: names, speaksTLS: Self.leadsToTLS(service, urls))).variables
    let words = command.arguments(keeper: keeper.executable)
    let volumes = try mounts(ofProcess: service, variables)
    let mounts = treeMounts(of: service, besides: volumes, naming: words + own.map(\.value)) + volumes
    let launch = ProcessLaunch(
      words: words, folder: workingFolder,
      environment: context.environment.merging(all.map { ($0.name, $0.value) }) { $1 },
      mounter: mounts.isEmpty ? [] : try MountHelper.locate(context).wrap([], mounts),
      ports: ports, mapping: mapping(all.map(\.name)), grace: .seconds(service.process.grace))
    return ProcessRunner(
      launch: launch, folder: folder, ports: ServicePorts(home: context.home, id: id), keeper: keeper,
      leash: leash)
  }

  /// What a process sees at the paths of `volumes:`. Without efs a service may have no use, so that this is refused where
  /// it cannot be mounted; other volumes are as they were before there were any, and that is said.
  private func mounts(ofProcess service: Service, _ variables: AppVariables) throws -> [VolumeMount] {
    guard !options.withoutMounts else { return [] }
    let shared = variables.mounts(of: service)
    guard mountsFolders else {
      let own = service.volumes.map(ServiceVolume.init).filter { volume in
        !volume.isOfHost && !shared.contains { $0.path == volume.path }
      }
      if !own.isEmpty {
        tellOnce(
          "\(service.name): nothing can be mounted here (drydock doctor says why), so it has no volume at "
            + own.map(\.path).joined(separator: ", "))
      }
      return shared
    }
    let own = try FolderVolumes(folder).paths(of: service, besides: shared)
    for path in own.occupied {
      tellOnce(
        "\(service.name): this machine's own \(path) is not hidden by the volume that volumes: wants there")
    }
    return shared + own.mounts
  }

  /// The app's files where the image has them, if the service is given that path.
  private func treeMounts(
    of service: Service, besides volumes: [VolumeMount], naming texts: [String]
  ) -> [VolumeMount] {
    guard !options.withoutMounts, let place = TreePlace(of: service, in: workspace), place.isNamed(by: texts)
    else { return [] }
    let obstacle =
      mountsFolders
      ? place.obstacle(besides: volumes)
      : "nothing can be mounted here (drydock doctor says why), so that the app's folder is not at \(place.path)"
    guard let obstacle else { return [place.mount] }
    tellOnce("\(service.name): \(obstacle)")
    return []
  }

  private func tellOnce(_ text: String) {
    if told.isNew(text) { notice(text) }
  }

  private func mapping(_ variables: [String]) -> PortMapping {
    if mapsPorts { return .mapped }
    return variables.contains("PORT") ? .variable : .declared
  }
}

extension ServiceWay {
  /// What drydock.yml says of a service; nil for nothing.
  init(_ kind: DrydockSettings.Kind?) {
    switch kind {
    case .process: self = .process
    case .container: self = .container
    case .off, nil: self = .auto
    }
  }
}

extension ServiceSpec {
  /// A service of the manifest.
  /// - Parameter started: The services that are started with it, with their links.
  init(_ service: Service, kind: ServiceKind, count: Int, started: [String: [String]]) {
    let scheme = service.port?.scheme
    // grpc is not spoken here: that the port accepts has to do.
    let asksForPath = (scheme == .http || scheme == .https) && !service.health.isDisabled
    self.init(
      name: service.name, kind: kind, port: service.port?.number,
      health: HealthRule(
        path: asksForPath ? service.health.path : nil, grace: .seconds(service.health.grace),
        interval: .seconds(max(1, service.health.interval)), timeout: .seconds(max(1, service.health.timeout))
      ),
      count: count,
      waitsFor: service.links.filter {
        started[$0] != nil && !Self.leads(started, from: $0, to: service.name)
      },
      grace: .seconds(service.process.grace), drain: .seconds(service.routing.drain),
      isSingleton: service.process.isSingleton)
    furtherPorts = service.furtherPorts
    health.speaksTLS = scheme == .https
  }

  /// Whether links lead from one service to another, or to itself: those that link each other would wait for ever.
  static func leads(_ links: [String: [String]], from start: String, to end: String) -> Bool {
    var open = [start]
    var seen: Set<String> = []
    while let name = open.popLast() {
      if name == end { return true }
      if seen.insert(name).inserted { open += links[name] ?? [] }
    }
    return false
  }
}
