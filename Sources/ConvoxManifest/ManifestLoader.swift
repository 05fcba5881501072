/// Reads a convox.yml in Convox's own order: interpolation of the raw text, YAML 1.1, defaults, validation.
package struct ManifestLoader: Sendable {
  /// The resource types that there are.
  package var catalog: ResourceCatalog

  /// A loader that knows these resource types.
  package init(catalog: ResourceCatalog) {
    self.catalog = catalog
  }

  /// The most bytes that a manifest may have.
  package static var sizeLimit: Int { ManifestSource.sizeLimit }

  /// The error about a file that has more bytes than that.
  /// - Parameter count: How many, where that is known.
  package static func tooLong(_ count: Int?, file: String) -> ManifestError {
    let length = count.map { "\($0) bytes, more" } ?? "more bytes"
    return ManifestError([
      Diagnostic(
        .error, at: SourceLocation(file: file, line: 1, column: 1),
        "the file has \(length) than the \(sizeLimit) that are read",
        suggestion: "is this a convox.yml? AWS takes no template of that size")
    ])
  }

  /// Reads a manifest.
  /// - Parameters:
  ///   - bytes: The file's content.
  ///   - file: What the file is called in messages.
  ///   - appEnvironment: The app env, which fills `${NAME}`.
  /// - Throws: `ManifestError` with a place for every finding.
  package func load(_ bytes: [UInt8], file: String, appEnvironment: [String: String]) throws(ManifestError)
    -> Manifest
  {
    let source = try ManifestSource(bytes, file: file, appEnvironment: appEnvironment)
    let document = try source.document()
    var reader = ManifestReader(source: source, catalog: catalog)
    return try reader.read(document)
  }
}
