import ConvoxEnvironment
import ConvoxManifest
import Foundation

/// The files in the app's `.drydock` folder: one per service, and one with every resource.
struct EnvironmentFiles {
  let folder: AppFolder
  let state: InstanceState
  let manifest: Manifest
  let specs: [ResourceSpec]
  let appEnvironment: [String: String]
  /// The created resources that are linked to the app.
  let links: [ResourceEndpoint]

  /// Writes the files; one whose bytes are right already is not touched.
  /// - Returns: What could not be written as it should, for the user to read.
  func write() throws -> [String] {
    try folder.prepare()
    let resolver = EnvironmentResolver(
      manifest: manifest, endpoints: state.endpoints(specs), linked: links,
      appEnvironment: AppEnvironment(appEnvironment), context: ServiceContext(app: state.app))
    var warnings: [String] = []
    var written: Set<String> = []
    try write(resolver.allResources(), to: Self.all, &written, &warnings)
    for service in manifest.services {
      let name = "\(Slug.make(service.name)).env"
      guard name != Self.all else {
        warnings.append("service \(service.name): .drydock/\(name) holds all resources; see drydock env all")
        continue
      }
      do {
        try write(try resolver.environment(for: service), to: name, &written, &warnings)
      } catch let error as EnvironmentError {
        warnings.append(".drydock/\(name) is not written: \(error.message); \(error.suggestion)")
      }
    }
    removeOthers(than: written)
    return warnings
  }

  /// The file with every resource.
  private static let all = "all.env"

  private func write(
    _ variables: [EnvironmentVariable], to name: String, _ written: inout Set<String>,
    _ warnings: inout [String]
  ) throws {
    do {
      try folder.write(Array(render(variables, as: .dotenv).utf8), to: name, mode: 0o600)
      written.insert(name)
    } catch let error as EnvironmentFormatError {
      warnings.append(".drydock/\(name) is not written: \(error.message); \(error.suggestion)")
    }
  }

  /// Removes files of services that are gone, and those that are no longer true and could not be written anew.
  private func removeOthers(than expected: Set<String>) {
    Self.existing(in: folder).filter { !expected.contains($0) }.forEach {
      try? Folder.remove("\(folder.drydock)/\($0)")
    }
  }

  /// Rewrites the files that an `up` wrote; where there are none, none are made.
  /// - Parameters:
  ///   - state: The app's instance, whose lock the caller holds.
  ///   - workspace: Its manifest; nil where there is none, which is told.
  static func refresh(
    _ state: InstanceState, _ workspace: Workspace?, _ store: StateStore, _ notice: (String) -> Void
  ) throws {
    let folder = AppFolder(state.path)
    guard Folder.exists("\(folder.drydock)/\(all)") else { return }
    guard let workspace else {
      return notice("the env files in \(folder.drydock) still hold the old variables: run drydock up")
    }
    let environment = state.appEnvironment(rack: state.lastRack)
    let manifest = try workspace.load(appEnvironment: environment)
    let specs = try ResourceSpec.specs(of: manifest, appEnvironment: environment)
    let files = EnvironmentFiles(
      folder: folder, state: state, manifest: manifest, specs: ResourceSpec.settled(specs, over: state),
      appEnvironment: environment, links: LinkedResources(store: store).endpoints(of: state))
    for warning in try files.write() { notice(warning) }
  }

  /// Removes every file, as `down` does.
  static func remove(from folder: AppFolder) throws {
    for name in existing(in: folder) { try Folder.remove("\(folder.drydock)/\(name)") }
  }

  private static func existing(in folder: AppFolder) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.drydock)) ?? []).filter {
      $0.hasSuffix(".env")
    }
  }
}
