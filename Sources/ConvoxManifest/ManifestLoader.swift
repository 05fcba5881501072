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
    let source = try ManifestSource(bytes, file: file, appEnvironment: appEnvironment)
    let document: YAMLDocument
    do {
      document = try YAMLReader.read(source)
    } catch {
      throw ManifestError([
        Diagnostic(
          .error, at: source.location(of: error.offset), error.message, suggestion: error.suggestion)
      ])
    }
    var reader = ManifestReader(source: source, catalog: catalog)
    return try reader.read(document)
  }
}
