package import AppState
import ConvoxManifest
import DrydockBase
import Emulator
import MonotonicTime
package import Planning
import Resources

/// A rack's build of an app: the images of those services that run in containers, and for the others whether they can run
/// as processes here.
package struct AppBuildOperation: Sendable {
  private let context: DrydockContext
  private let workspace: Workspace
  private let instance: InstanceState
  private let environment: [String: String]
  private let choice: RuntimeChoice
  private let ignoresCache: Bool
  private let say: @Sendable (String) -> Void

  /// A build.
  /// - Parameters:
  ///   - workspace: Where manifest and code are.
  ///   - environment: The app env, of which Dockerfiles take what they name by ARG.
  ///   - choice: Where the resources are to run, as long as they do not.
  ///   - say: Told the build's log, whole lines or parts of them, with their ends.
  package init(
    context: DrydockContext, workspace: Workspace, instance: InstanceState, environment: [String: String],
    choice: RuntimeChoice, ignoresCache: Bool, say: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.workspace = workspace
    self.instance = instance
    self.environment = environment
    self.choice = choice
    self.ignoresCache = ignoresCache
    self.say = say
  }

  /// Carries it out.
  /// - Throws: `ManifestError`; `DrydockError` for an image that cannot be built and for services that cannot run.
  package func run() async throws {
    let manifest = try workspace.load(appEnvironment: environment, catalog: context.catalog)
    guard !manifest.services.isEmpty else {
      throw DrydockError(.manifestInvalid, "\(manifest.file) has no services: there is nothing to build")
    }
    let settings = try workspace.settings(for: manifest)
    let look = ServiceLook(
      workspace: workspace, path: context.environment["PATH"], runtime: try await runtime(manifest))
    var problems: [DrydockError] = []
    var images: [Service] = []
    for service in manifest.services {
      if settings.kinds[service.name] == .off {
        say("\(service.name): not started, as \(DrydockSettings.fileName) says\n")
        continue
      }
      do throws(DrydockError) {
        let choice = try ServiceChoice.decide(
          service, ServiceWay(settings.kinds[service.name]), look.facts(service))
        if choice.kind == .container {
          images.append(service)
        } else {
          say("\(service.name): runs as a process of this machine, nothing to build: \(choice.reason)\n")
        }
      } catch {
        problems.append(error)
      }
    }
    try refuse(problems)
    try await build(images, manifest)
  }

  private func refuse(_ problems: [DrydockError]) throws {
    guard let first = problems.first else { return }
    for problem in problems.dropLast() { say("ERROR: \(problem.message)\n") }
    throw problems.count == 1 ? first : problems[problems.count - 1]
  }

  private func build(_ services: [Service], _ manifest: Manifest) async throws {
    guard !services.isEmpty else { return }
    let build = ServiceBuild(
      context: context, workspace: workspace, id: instance.id, environment: environment,
      ignoresCache: ignoresCache, notice: { say("\($0)\n") })
    for (service, image) in try await build.images(of: services, output: say) {
      say("\(service): image \(image)\n")
    }
  }

  /// Where the resources run, or would run. An app without servers of its own runs where the user wants it, or
  /// where its services can.
  private func runtime(_ manifest: Manifest) async throws -> RuntimeKind? {
    let specs = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    guard ServiceLook.hasServer(specs, instance, LinkedResources(context: context)) else {
      return choice.kind
    }
    if let runtime = instance.runtime { return runtime }
    let plan = UpOperation(
      context: context, workspace: workspace, app: nil, extraEnvironment: environment, choice: choice,
      options: UpOptions(deadline: .after(.seconds(60)), isDryRun: true),
      events: UpOperation.UpEvents(phase: { _, _ in }, notice: { _ in }, planned: { _ in }))
    return try await plan.run().plan.runtime
  }
}
