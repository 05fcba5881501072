import ArgumentParser
import ConvoxManifest
import Emulator
import Engines

/// `drydock check`.
struct Check: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find what would fail or surprise at deploy, each with its place and what to do.",
    discussion: """
      Exits 0 when clean or with warnings only, 65 on errors.

      Examples:
        drydock check
        drydock check --strict --format json
      """)

  @Flag(help: "Warnings fail too.")
  var strict = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let findings = try findings(session)
    if common.format == .json {
      try session.console.print(json: findings)
    } else {
      findings.forEach { session.console.print(ErrorReport.describe($0)) }
      if findings.isEmpty { session.console.note("nothing to say: this manifest deploys as it runs here") }
    }
    let fails = findings.contains { $0.severity == .error || strict }
    if fails { throw ExitCode(EmulatorError.Code.manifestInvalid.rawValue) }
  }

  private func findings(_ session: Session) throws -> [Diagnostic] {
    let environment = try session.appEnvironment(try session.existingInstance())
    let workspace = try session.workspaceOfInstance()
    let manifest: Manifest
    do {
      manifest = try workspace.load(appEnvironment: environment)
    } catch let error as ManifestError {
      return error.diagnostics
    }
    let missing = manifest.missingRequiredEnvironment(environment).map { [$0] } ?? []
    let deploy = manifest.deployFindings(catalog: EngineRegistry.catalog, appEnvironment: environment)
    return (manifest.warnings + missing + deploy + workspace.uploadFindings()).sorted(by: precedes)
  }

  private func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    (left.location.line, left.location.column) < (right.location.line, right.location.column)
  }
}
