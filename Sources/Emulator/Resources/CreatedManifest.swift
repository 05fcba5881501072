import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Engines
import LocalFiles
import Planning
import Resources

/// The convox.yml of a created resource, which drydock writes: one resource with its options.
struct CreatedManifest {
  let name: String
  let created: CreatedResource
  let context: DrydockContext
  private var home: StateHome { context.home }

  /// What to bring up.
  var workspace: Workspace {
    Workspace(manifestPath: "\(home.created(name))/convox.yml", currentDirectory: home.created(name))
  }

  /// Refuses options that the type does not take, before anything is made or changed.
  /// - Parameters:
  ///   - record: What is deployed; nil for a new resource.
  ///   - before: The options so far. What a deploy would refuse in them was let in by an earlier drydock, and is
  ///     nothing that the change at hand could be refused for.
  /// - Throws: `DrydockError.failed` in the words of a command, not of a file.
  func check(over record: ResourceRecord? = nil, before: [String: String] = [:]) throws {
    if created.isDrain { return try SyslogDrain.check(created.parameters) }
    if let source = created.parameters[OptionSettlement.replicaOption], !source.isEmpty {
      throw DrydockError(
        .failed, "\(OptionSettlement.replicaOption) is for resources of one convox.yml",
        suggestion: "declare both the source and its replica there")
    }
    try context.catalog.kind(created.type).refuseUnknown(created.parameters)
    let known = (try? load(before)).map { Set(deployErrors(of: $0).map(\.message)) } ?? []
    let manifest = try Self.readable {
      let manifest = try load(created.parameters)
      _ = try ResourceSpec.specs(of: manifest, in: context.catalog, appEnvironment: [:])
      // Who asks for a resource by a command hears at once what a rack would say only later.
      let errors = deployErrors(of: manifest).filter { !known.contains($0.message) }
      if !errors.isEmpty { throw ManifestError(errors) }
      return manifest
    }
    guard let resource = manifest.resources.first, let engine = context.catalog.engine(created.type) else {
      return
    }
    let type = engine.resourceType
    let settlement = OptionSettlement.settle(resource, type: type, record: record, in: context.catalog)
    try refuseChanges(settlement, type)
    if let record { try refuseOtherSeries(settlement, engine, record) }
  }

  private func load(_ options: [String: String]) throws -> Manifest {
    let text = ManifestText.single(name, type: created.type, options: options)
    return try ManifestLoader(catalog: context.catalog).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: [:])
  }

  /// All that a deploy would fail at, as `check` says of the same lines in a convox.yml.
  private func deployErrors(of manifest: Manifest) -> [Diagnostic] {
    manifest.deployErrors
      + manifest.deployFindings(catalog: context.catalog, appEnvironment: [:]).filter {
        $0.severity == .error
      }
  }

  /// Data of one series is never served by another: whoever asks for that hears it at once, not from the `up` that follows.
  private func refuseOtherSeries(
    _ settlement: OptionSettlement, _ engine: any Engine, _ record: ResourceRecord
  ) throws {
    guard let server = engine.variant(settlement.options).server,
      let data = record.dataVersion.flatMap(ServerVersion.init(in:)),
      let wanted = settlement.options["version"].flatMap(ServerVersion.init(in:)),
      let before = ServerVersion(in: record.wantedVersion),
      server.versions.series(of: wanted) != server.versions.series(of: before),
      !server.canServe(data: data, with: wanted)
    else { return }
    throw DrydockError(
      .dataMismatch,
      "resource \(name): its data was made by \(created.type) \(data), and version \(wanted) cannot serve it",
      suggestion: "choose one:",
      details: [
        "stay with version=\(record.wantedVersion)",
        "migrate: create another resource with version=\(wanted), and load a dump of this one into it",
      ])
  }

  /// What AWS could not change on what is deployed, or only by a new resource without the data.
  private func refuseChanges(_ settlement: OptionSettlement, _ type: ResourceType) throws {
    for change in settlement.changes {
      guard let rule = type.options.first(where: { $0.name == change.option }) else { continue }
      switch ChangeConsequence(of: change, by: rule) {
      case .free, .surprising(_, nil): continue
      case .surprising(_, let reason?):
        throw DrydockError(
          .failed, "resource \(name): \(change): \(reason)",
          suggestion: "create another one with \(change.option)=\(change.to ?? "")")
      case .refused(let what, let remedy, _):
        throw DrydockError(.failed, "resource \(name): \(what)", suggestion: remedy)
      }
    }
    let errors = settlement.findings.filter { $0.severity == .error } + settlement.deployErrors
    if let error = errors.first {
      throw DrydockError(.failed, error.message, suggestion: error.suggestion)
    }
  }

  /// Writes the folder anew, whatever became of it: whose it is, and the file; a drain has none.
  /// - Parameter id: The instance's id.
  func write(id: String) throws {
    let folder = home.created(name)
    try Folder.make(folder, mode: 0o700)
    do {
      try AppFolder(folder).write(FolderMark(id: id))
    } catch var error as DrydockError {
      error.suggestion = WriteRemedy.elsewhere
      throw error
    }
    guard !created.isDrain else { return }
    let text = ManifestText.single(name, type: created.type, options: created.parameters)
    do {
      try AtomicFile.write(Array(text.utf8), to: "\(folder)/convox.yml", mode: 0o600, onlyIfChanged: true)
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot write \(folder)/convox.yml: \(error.reason)", suggestion: WriteRemedy.elsewhere)
    }
  }

  /// Runs a body whose errors point into the file, which nobody wrote: their places are left out.
  static func readable<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as ManifestError {
      throw DrydockError(manifest: error)
    }
  }
}

extension DrydockError {
  /// The first error about a manifest that drydock wrote, without its place.
  init(manifest error: ManifestError) {
    let first = error.diagnostics.first { $0.severity == .error } ?? error.diagnostics.first
    self.init(.failed, first?.message ?? "the options cannot be used", suggestion: first?.suggestion)
  }
}
