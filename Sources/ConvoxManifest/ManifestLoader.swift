/// Reads a convox.yml in Convox's own order: interpolation of the raw text, YAML 1.1, defaults, validation.
public struct ManifestLoader: Sendable {
  /// The resource types that there are.
  public var catalog: ResourceCatalog

  /// A loader that knows these resource types.
  public init(catalog: ResourceCatalog) {
    self.catalog = catalog
  }

  /// Reads a manifest.
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - file: What the file is called in messages.
  ///   - appEnvironment: The app env, which fills `${NAME}`.
  /// - Throws: `ManifestError` with a place for every finding.
  public func load(_ bytes: [UInt8], file: String, appEnvironment: [String: String]) throws(ManifestError)
    -> Manifest
  {
    Manifest(file: file)
  }
}

extension Manifest {
  /// Convox's error about required variables without a value (`required env: ALPHA, GLOBAL`), for the first
  /// service that lacks any; nil when none is missing.
  public func missingRequiredEnvironment(_ appEnvironment: [String: String]) -> Diagnostic? { nil }

  /// Every rule that would fail or surprise at deploy, besides what loading already reported.
  public func deployFindings(catalog: ResourceCatalog, appEnvironment: [String: String]) -> [Diagnostic] {
    []
  }
}
