package import AppState
import Containers
package import ConvoxManifest
import DrydockBase
import ImageBuilds

/// Builds the images of services without starting them.
package struct ServiceBuild: Sendable {
  private let context: DrydockContext
  private let workspace: Workspace
  private let id: String
  private let environment: [String: String]
  private let ignoresCache: Bool
  private let notice: @Sendable (String) -> Void

  /// An image that is there.
  package struct Outcome: Sendable, Hashable, Codable {
    /// The service.
    package var service: String
    /// The image's id.
    package var image: String
    /// Whether it was built now; else nothing had changed since it was.
    package var isNew: Bool
  }

  /// A build for an instance.
  /// - Parameters:
  ///   - environment: The app env.
  ///   - ignoresCache: Whether every step is done anew.
  ///   - notice: Told what is done.
  package init(
    context: DrydockContext, workspace: Workspace, id: String, environment: [String: String],
    ignoresCache: Bool, notice: @escaping @Sendable (String) -> Void
  ) {
    self.context = context
    self.workspace = workspace
    self.id = id
    self.environment = environment
    self.ignoresCache = ignoresCache
    self.notice = notice
  }

  /// Builds the images of services; without a name, of all that are built.
  /// - Throws: `DrydockError` with line and last words of a build that failed, and for a service that is not built.
  package func run(_ names: [String], of manifest: Manifest) async throws -> [Outcome] {
    let services = try choose(names, of: manifest)
    let images = try await builder().images(of: services)
    return services.compactMap { service in
      images[service.name].map { Outcome(service: service.name, image: $0.id, isNew: $0.isNew) }
    }
  }

  /// The images of services that run in containers, in this order: built, or fetched where they are named.
  /// - Parameter output: Told what the builder itself writes, in pieces as they come.
  func images(
    of services: [Service], output: @escaping @Sendable (String) -> Void
  ) async throws -> [(service: String, image: String)] {
    var builder = try await builder()
    builder.output = output
    let images = try await builder.ids(of: services)
    return services.compactMap { service in images[service.name].map { (service.name, $0) } }
  }

  private func builder() async throws -> ServiceImages {
    let client = try await DockerAccess(environment: context.environment).connect()
    let labels = ContainerNames(id: id)
    let builder = ImageBuilder(
      client: client, app: workspace.folder.path, environment: environment, isDevelopment: true,
      labels: labels.labels, repository: labels.network)
    return ServiceImages(client: client, builder: builder, ignoresCache: ignoresCache, notice: notice)
  }

  private func choose(_ names: [String], of manifest: Manifest) throws -> [Service] {
    let look = ServiceLook(workspace: workspace, path: nil, runtime: nil)
    func isBuilt(_ service: Service) -> Bool {
      service.image == nil && Folder.exists(look.dockerfile(of: service))
    }
    for name in names {
      guard let service = manifest.service(named: name) else {
        throw UnknownName.error("service", name, known: manifest.services.map(\.name))
      }
      guard !isBuilt(service) else { continue }
      throw DrydockError(
        .usage,
        service.image.map { "\(name) is the image \($0): there is nothing to build" }
          ?? "\(service.location): \(name) has no Dockerfile at \(look.dockerfile(of: service))")
    }
    let services = manifest.services.filter { names.isEmpty ? isBuilt($0) : names.contains($0.name) }
    guard !services.isEmpty else {
      throw DrydockError(.usage, "no service of \(manifest.file) has a Dockerfile: there is nothing to build")
    }
    return services
  }
}
