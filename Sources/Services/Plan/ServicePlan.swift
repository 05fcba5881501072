package import AppState
package import ConvoxManifest
import DrydockBase
import Engines
import Essentials
import ImageBuilds
import LocalFiles
import Planning
import Resources

/// How every service of an app would run: what `--dry-run` prints.
package struct ServicePlan: Sendable {
  /// The services, in the manifest's order.
  package let items: [Item]
  /// What is worth knowing besides.
  package let notes: [String]

  /// One service.
  package struct Item: Sendable, Hashable, Codable {
    /// Its name.
    package var service: String
    /// How it would run; nil where it cannot.
    package var kind: ServiceKind?
    /// Why.
    package var reason: String
    /// Why it cannot run; nil where it can.
    package var problem: String?
    /// The port that it binds.
    package var port: Int?
    /// What it binds besides, by TCP; nil for nothing.
    package var ports: [Int]?
    /// How many replicas it would have.
    package var count: Int
    /// What it runs; nil for what its image says.
    package var command: String?
  }

  /// Plans; nothing is changed.
  /// - Parameter state: The instance; nil before the first start.
  package init(
    _ manifest: Manifest, workspace: Workspace, state: InstanceState?, wishes: SupervisorProcess.Wishes,
    context: DrydockContext
  ) throws {
    let environment = (state?.appEnvironment(rack: wishes.rack) ?? [:]).merging(wishes.extraEnvironment) {
      $1
    }
    let specs = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    let hasServer = ServiceLook.hasServer(specs, state, LinkedResources(context: context))
    let runtime = (hasServer ? state?.runtime : nil) ?? wishes.options.runtime
    let names = wishes.services
    for name in names where manifest.service(named: name) == nil {
      throw UnknownName.error("service", name, known: manifest.services.map(\.name))
    }
    let look = ServiceLook(workspace: workspace, path: context.environment["PATH"], runtime: runtime)
    items = manifest.services.filter { names.isEmpty || names.contains($0.name) }.map { service in
      var item = Item(
        service: service.name, reason: "", port: service.port?.number, count: service.scaling.count.min,
        command: service.argv.map { $0.joined(separator: " ") } ?? service.command)
      if !service.furtherPorts.isEmpty { item.ports = service.furtherPorts }
      do throws(DrydockError) {
        let choice = try ServiceChoice.decide(service, wishes.options.way, look.facts(service))
        (item.kind, item.reason) = (choice.kind, choice.reason)
        if choice.kind == .process {
          let command = OwnCommand(process: service, in: workspace)
          item.command = item.command ?? command?.text
          if !wishes.options.withoutMounts, let place = TreePlace(of: service, in: workspace),
            place.isNamed(by: command?.arguments(keeper: nil) ?? []), place.obstacle(besides: []) == nil
          {
            item.reason += "; its folder is at \(place.path) too"
          }
        }
      } catch {
        item.problem = error.message
      }
      return item
    }
    notes =
      hasServer && runtime == nil && !items.isEmpty
      ? ["nothing runs yet: where the resources will run is decided by the first up"] : []
  }
}

/// Looks for what decides how a service runs.
struct ServiceLook: Sendable {
  let workspace: Workspace
  /// The `PATH` by which programs are found.
  let path: String?
  let runtime: RuntimeKind?

  /// Where an app's resources run; nil where no server decides it: one of its own, or one that is linked to it.
  static func decisiveRuntime(
    _ specs: [ResourceSpec], _ state: InstanceState, _ links: LinkedResources
  ) -> RuntimeKind? {
    hasServer(specs, state, links) ? state.runtime : nil
  }

  /// Whether any server is the app's own or linked to it.
  static func hasServer(_ specs: [ResourceSpec], _ state: InstanceState?, _ links: LinkedResources) -> Bool {
    specs.contains { $0.engine.server != nil && $0.externalURL == nil }
      || state.map { !links.servers(of: $0).isEmpty } ?? false
  }

  /// The folder where a service's image, or its process, finds its files.
  func folder(of service: Service) -> String {
    let base = URL(filePath: workspace.folder.path, directoryHint: .isDirectory)
    return URL(filePath: service.built?.path ?? ".", relativeTo: base).standardizedFileURL.path
  }

  /// The Dockerfile of a service that is built.
  func dockerfile(of service: Service) -> String {
    "\(folder(of: service))/\(service.built?.manifest ?? "Dockerfile")"
  }

  /// The stage of a service's Dockerfile that runs; nil for a service that is not built, or one that cannot be read.
  func stage(of service: Service) -> RunningStage? {
    guard service.image == nil, let bytes = try? BoundedFile.read(dockerfile(of: service), limit: 1 << 20),
      let file = try? Dockerfile(bytes, path: "Dockerfile")
    else { return nil }
    return try? file.running(development: true)
  }

  func facts(_ service: Service) -> ServiceChoice.Facts {
    let command = OwnCommand(process: service, in: workspace)
    // A text that a shell has more to do with than to start one program is found by the shell.
    let program = command.map { $0.program ?? "/bin/sh" }
    let search = ProgramSearch(path: path, folder: folder(of: service))
    let place = TreePlace(of: service, in: workspace)
    return ServiceChoice.Facts(
      runtime: runtime, hasDockerfile: service.image == nil && Folder.exists(dockerfile(of: service)),
      program: program, isProgramHere: program.flatMap { search.find(place?.onThisMachine($0) ?? $0) } != nil)
  }
}
