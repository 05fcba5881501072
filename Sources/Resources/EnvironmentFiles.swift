package import AppState
package import ConvoxEnvironment
package import ConvoxManifest
import DrydockBase
import Engines
import Essentials
package import Planning

/// The files in the app's `.drydock` folder: one per service, and one with every resource.
package struct EnvironmentFiles {
  package let folder: AppFolder
  /// Whose servers the variables are of, as the folder may be used from other homes too, and the types that there are.
  package let context: DrydockContext
  package let state: InstanceState
  package let manifest: Manifest
  package let specs: [ResourceSpec]
  package let appEnvironment: [String: String]
  /// The created resources that are linked to the app.
  package let links: [ResourceEndpoint]

  /// Of an instance whose resources are up. Nothing is written before `write()`.
  package init(
    folder: AppFolder,
    context: DrydockContext,
    state: InstanceState,
    manifest: Manifest,
    specs: [ResourceSpec],
    appEnvironment: [String: String],
    links: [ResourceEndpoint]
  ) {
    self.folder = folder
    self.context = context
    self.state = state
    self.manifest = manifest
    self.specs = specs
    self.appEnvironment = appEnvironment
    self.links = links
  }

  /// Writes the files; one whose bytes are right already is not touched.
  /// - Returns: What could not be written as it should, for the user to read.
  package func write() throws -> [String] {
    let files = try folder.prepare()
    var warnings = try takeOver()
    try write(context.home.signature + "\n", to: Self.writer, files)
    let resolver = EnvironmentResolver(
      manifest: manifest, catalog: context.catalog, endpoints: state.endpoints(specs), linked: links,
      appEnvironment: AppEnvironment(appEnvironment), context: ServiceContext(app: state.app))
    var written: Set<String> = []
    var omissions = FileOmissions()
    var unwritten = UnwrittenFiles()
    try write(resolver.allResources(), to: Self.all, files, &written, &omissions)
    for service in manifest.services {
      let name = Self.name(of: service.name)
      guard name != Self.all else {
        warnings.append("service \(service.name): .drydock/\(name) holds all resources; see drydock env all")
        continue
      }
      do {
        try write(
          try resolver.environment(for: service), of: service.name, to: name, files, &written, &omissions)
      } catch let error as EnvironmentError {
        unwritten.add(name, error)
      }
    }
    warnings += unwritten.lines + omissions.lines
    let services = manifest.services.map(\.name)
    for name in try Self.existing(in: files, services: services, besides: written) {
      do { try files.remove(name) } catch {
        // It holds a password that the app may still have.
        let reason = DrydockError(error).message
        warnings.append(".drydock/\(name) is of no service any more, and stays: \(reason)")
      }
    }
    return warnings
  }

  /// The file that names the home which wrote the others.
  private static let writer = "home"

  /// Whether the files are those of another home, and which one that is.
  private static func stranger(in folder: AppFolder, to home: StateHome) throws -> String? {
    guard let text = try folder.content(of: writer)?.split(whereSeparator: \.isNewline).first,
      text != home.signature
    else { return nil }
    return String(text.drop { $0 != " " }.dropFirst())
  }

  private func takeOver() throws -> [String] {
    guard let other = try Self.stranger(in: folder, to: context.home) else { return [] }
    return [
      "the env files in \(folder.drydock) were those of the home \(other); now they are of \(context.home.root)"
    ]
  }

  /// The file with every resource.
  package static let all = OwnFiles.allVariables

  private func write(
    _ variables: [EnvironmentVariable], of service: String? = nil, to name: String, _ files: OwnFiles,
    _ written: inout Set<String>, _ omissions: inout FileOmissions
  ) throws {
    let rendered = render(variables, as: .dotenv)
    try write(rendered.text, to: name, files)
    written.insert(name)
    omissions.add(rendered.omissions, to: name, of: service)
  }

  /// Nothing waits for the disk: after the machine has lost power the servers are down, and the next `up` writes them again.
  private func write(_ text: String, to name: String, _ files: OwnFiles) throws {
    try files.write(Array(text.utf8), to: name, mode: 0o600, isDurable: false)
  }

  private static func name(of service: String) -> String { "\(Slug.make(service)).env" }

  /// Refuses what lies where the files of a manifest would be written, before a server is started for them.
  package static func refuseForeign(in folder: AppFolder, of manifest: Manifest) throws {
    guard let files = try OwnFiles(existingIn: folder) else { return }
    let names = [".gitignore", writer, all] + manifest.services.map { name(of: $0.name) }
    for name in names { try files.refuseForeign(name) }
  }

  /// Rewrites the files that an `up` wrote; where there are none, none are made.
  /// - Parameters:
  ///   - state: The app's instance, whose lock the caller holds.
  ///   - workspace: Its manifest; nil where there is none, which is told.
  ///   - additions: What `--env-file` adds to the app env.
  package static func refresh(
    _ state: InstanceState, _ workspace: Workspace?, _ context: DrydockContext,
    adding additions: [String: String] = [:],
    _ notice: (String) -> Void
  ) throws {
    let folder = AppFolder(state.path)
    guard Folder.exists("\(folder.drydock)/\(all)") else { return }
    guard let workspace else {
      return notice("the env files in \(folder.drydock) still hold the old variables: run drydock up")
    }
    let environment = state.appEnvironment(rack: state.lastRack).merging(additions) { $1 }
    let manifest = try workspace.load(appEnvironment: environment, catalog: context.catalog)
    let specs = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: environment)
    let files = EnvironmentFiles(
      folder: folder, context: context, state: state, manifest: manifest,
      specs: ResourceSpec.settled(specs, over: state, in: context.catalog),
      appEnvironment: environment, links: LinkedResources(context: context).endpoints(of: state))
    for warning in try files.write() { notice(warning) }
  }

  /// Removes every file that drydock wrote, as `down` does; those of another home are left to it. What is no file of
  /// drydock's is left alone.
  /// - Parameter notice: Told of a `.drydock` that is none of drydock's.
  package static func remove(from folder: AppFolder, home: StateHome, _ notice: (String) -> Void) throws {
    let files: OwnFiles
    do {
      guard let existing = try OwnFiles(existingIn: folder), try stranger(in: folder, to: home) == nil else {
        return
      }
      files = existing
    } catch let error as DrydockError {
      return notice("\(error.message): nothing is removed there")
    }
    for name in try existing(in: files) + [writer] { try files.remove(name) }
  }

  /// The files that drydock wrote: the one with everything, those of the services, and those of services before,
  /// which say in `SERVICE` whose they are.
  private static func existing(
    in files: OwnFiles, services: [String] = [], besides others: Set<String> = []
  ) throws -> [String] {
    let known = Set(services.map(name))
    return try files.names().filter { file in
      // What cannot be read is a link, a pipe or a folder of somebody's, and none of these files.
      guard file.hasSuffix(".env"), !others.contains(file), let bytes = try? files.read(file) else {
        return false
      }
      return file == all || known.contains(file) || isWritten(file, bytes)
    }
  }

  private static func isWritten(_ file: String, _ bytes: [UInt8]) -> Bool {
    bytes.split(separator: UInt8(ascii: "\n")).contains { line in
      line.starts(with: "SERVICE=".utf8)
        && name(of: String(decoding: line.dropFirst(8), as: UTF8.self)) == file
    }
  }
}

/// What env files leave out: a line a variable, as an app-wide one is in every file.
private struct FileOmissions {
  private var places: [RenderedEnvironment.Omission: (files: [String], command: String)] = [:]

  mutating func add(_ omissions: [RenderedEnvironment.Omission], to file: String, of service: String?) {
    let command = service.map { "drydock env \($0)" } ?? "drydock env"
    for omission in omissions { places[omission, default: ([], command)].files.append(file) }
  }

  var lines: [String] {
    places.sorted { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) }.map { omission, place in
      "\(omission.name) \(omission.reason): left out of .drydock/\(place.files.joined(separator: ", ")); "
        + "to have it: \(place.command) --format \(omission.alternative.rawValue)"
    }
  }
}

/// Which env files cannot be written: a line a reason, as several services often lack the same.
private struct UnwrittenFiles {
  private var found: [(error: EnvironmentError, files: [String])] = []

  mutating func add(_ file: String, _ error: EnvironmentError) {
    guard let index = found.firstIndex(where: { $0.error.code == error.code }), error.code != .prefixCollision
    else { return found.append((error, [file])) }
    found[index].files.append(file)
    found[index].error.names = Set(found[index].error.names + error.names).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
  }

  var lines: [String] {
    found.map { error, files in
      let isOne = files.count == 1
      let reason =
        isOne || error.code != .unknownEndpoint
        ? error.placedMessage
        : "services link resources that are not started: \(error.names.joined(separator: ", "))"
      return ".drydock/\(files.joined(separator: ", ")) \(isOne ? "is" : "are") not written: \(reason); "
        + error.suggestion
    }
  }
}

extension StateHome {
  /// The home as files name it: its key, as in a container its path may be another's, and its path for readers.
  fileprivate var signature: String { "\(key ?? "-") \(root)" }
}
