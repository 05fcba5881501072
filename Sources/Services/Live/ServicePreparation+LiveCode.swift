import AppState
import ConvoxManifest
import DockerEngine
import DrydockBase
import Essentials
import ImageBuilds
import LiveCode
import LocalFiles

extension ServicePreparation {
  /// What is watched for services that run.
  /// - Throws: `ManifestError`, `DrydockError` for a convox.yml or drydock.yml that is wrong.
  func livePlan(of kinds: [String: ServiceKind]) async throws -> LivePlan {
    let variables = try look()
    let settings = try workspace.settings(for: variables.manifest)
    var plan = LivePlanBuilder(controls: manifestControls)
    for service in variables.manifest.services {
      guard let kind = kinds[service.name] else { continue }
      var live = LiveService(name: service.name, isInContainers: kind == .container)
      for rule in settings.watch[service.name] ?? [] {
        live.rules.append(try LiveRule(rule, of: service.name))
      }
      if kind == .container, service.image == nil, options.syncs {
        await plan.reading(service) { live.code = try await code(of: service, variables) }
        live.mounts = mounts(service, variables).map(\.target)
      }
      if kind == .process, options.watches {
        await plan.readingIgnores(service) {
          let root = try DirectoryDescriptor(workspace.folder.path, followingLink: true)
          live.tree = try WatchedTree(ImageSource(of: service).path, in: root)
        }
      }
      plan.services.append(live)
    }
    return plan.plan
  }

  /// What is watched in any case.
  var manifestControls: [String: LivePlan.Control] {
    let name = URL(filePath: workspace.manifestPath).lastPathComponent
    return [name: .manifest, DrydockSettings.fileName: .settings]
  }

  /// The image of a service that is built, as the tree is now.
  func currentImage(of name: String) async throws -> String? {
    let variables = try look()
    guard let service = variables.manifest.service(named: name), service.image == nil else { return nil }
    return try await images(of: [service], variables)[name]
  }

  private func code(of service: Service, _ variables: AppVariables) async throws -> ImageCode {
    try await builder(try await site.open().containers, variables).code(of: ImageSource(of: service))
  }
}

/// Gathers what is watched.
private struct LivePlanBuilder {
  var services: [LiveService] = []
  var controls: [String: LivePlan.Control]
  var problems: [DrydockError] = []

  var plan: LivePlan { LivePlan(services: services, controls: controls, problems: problems) }

  /// Reads a Dockerfile; the files that say how the service is built are watched, also when one is wrong.
  mutating func reading(_ service: Service, _ read: () async throws -> Void) async {
    let source = ImageSource(of: service)
    let file = ContextCopy.cleaned(TreePath.join(source.path, source.manifest))
    let ignores = Set([".dockerignore", TreePath.join(source.path, ".dockerignore"), file + ".dockerignore"])
    for path in ignores.union([file]) {
      var names = [service.name]
      if case .build(let others) = controls[path] { names += others }
      controls[path] = .build(names)
    }
    await note(read)
  }

  mutating func readingIgnores(_ service: Service, _ read: () async throws -> Void) async {
    for folder in ["", ImageSource(of: service).path] {
      let path = TreePath.join(folder, ".dockerignore")
      if controls[path] == nil { controls[path] = .settings }
    }
    await note(read)
  }

  private mutating func note(_ read: () async throws -> Void) async {
    do { try await read() } catch { problems.append(DrydockError(error)) }
  }
}

extension ImageSource {
  /// What a service is built from.
  init(of service: Service) {
    let build = service.built
    self.init(
      path: build?.path ?? ".", manifest: build?.manifest ?? "Dockerfile", arguments: build?.args ?? [])
  }
}

extension ContainerMount {
  /// Where it is mounted.
  fileprivate var target: String {
    switch self {
    case .volume(_, let target), .bind(_, let target, _), .tmpfs(let target, _): target
    }
  }
}
