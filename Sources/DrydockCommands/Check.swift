import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import Engines
import Essentials
import Planning
import Resources

/// `drydock check`.
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find what would fail or surprise you in a deploy or start, with its place and a remedy.",
    discussion: """
      Exits 0 when clean or with warnings only, 65 on errors.

      Examples:
        drydock check
        drydock check --strict --format json
        drydock check --explain
        drydock check --rack acme/production
      """)

  @Flag(help: "Warnings fail too.")
  var strict = false

  @Flag(
    help: "Show every option, service and timer: the values, what AWS does with them, and what drydock does.")
  var explain = false

  @OptionGroup var lines: WideOption

  @OptionGroup var rack: RackOption

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = try Session(common.shared).selecting(rack)
    if explain { return try ExplainedOptions(session).print(common.format, lines) }
    let findings = try findings(session)
    if common.format == .json {
      try session.console.print(json: findings)
    } else {
      findings.forEach { session.console.print(ErrorReport.describe($0)) }
      if findings.isEmpty { session.console.note("nothing to say: this manifest deploys as it runs here") }
    }
    let fails = findings.contains { $0.severity == .error || strict }
    if fails { throw ExitCode(DrydockError.Code.manifestInvalid.rawValue) }
  }

  private func findings(_ session: Session) throws -> [Diagnostic] {
    let state = try session.existingInstance(allowsNewName: true)
    let environment = try session.appEnvironment(state)
    let workspace = try session.workspaceOfInstance()
    let catalog = session.context.catalog
    let manifest: Manifest
    do {
      manifest = try workspace.load(appEnvironment: environment, catalog: catalog)
    } catch let error as ManifestError {
      return error.diagnostics
    }
    let deploy = manifest.deployFindings(
      catalog: catalog, appEnvironment: environment,
      autoMinorVersionUpgrade: state?.upgradesMinorVersions ?? true,
      moment: Int(Date.now.timeIntervalSince1970))
    // What another rack has deployed is not known here.
    let deployed =
      session.rack == nil
      ? state.map {
        manifest.deployedFindings(catalog: catalog, state: $0, appEnvironment: environment)
      } ?? [] : []
    // Some rules need no deployment and are told by the manifest alone already.
    let told = Set(deploy.filter { $0.severity == .error }.map(\.location))
    let further = deployed.filter { !told.contains($0.location) }
    let collisions =
      state.map { LinkedResources(context: session.context).collisions(of: $0, with: manifest) } ?? []
    let local =
      try workspace.uploadFindings() + workspace.buildFindings(manifest) + workspace.startFindings(manifest)
    return (manifest.warnings + manifest.deployErrors + deploy + further + collisions + local)
      .sorted { precedes($0, $1, manifest.file) }
  }

  /// The manifest's findings first, those of each other file together.
  private func precedes(_ left: Diagnostic, _ right: Diagnostic, _ manifest: String) -> Bool {
    let (left, right) = (left.location, right.location)
    if left.file != right.file {
      return left.file == manifest || right.file != manifest && left.file < right.file
    }
    return (left.line, left.column) < (right.line, right.column)
  }
}
