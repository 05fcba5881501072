import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import LocalFiles
import Resources

extension Workspace {
  /// A sentence for each name of an app env for which the manifest has no use: no service declares it, no `${NAME}` and
  /// no resource stands for it.
  func undeclared(_ names: [String], appEnvironment: [String: String], catalog: ResourceCatalog) -> [String] {
    guard let manifest = try? load(appEnvironment: appEnvironment, catalog: catalog),
      !manifest.services.isEmpty,
      let bytes = try? BoundedFile.read(manifestPath, limit: ManifestLoader.sizeLimit)
    else { return [] }
    let declarations = manifest.services.flatMap(\.environment)
    guard !declarations.contains(.everything) else { return [] }
    let declared = Set(declarations.compactMap(\.name))
    let known = declared.union(manifest.resources.map { "\(Resource.environmentPrefix(of: $0.name))_URL" })
    let text = String(decoding: bytes, as: UTF8.self)
    return names.filter { !known.contains($0) && !text.holdsExactly("${\($0)}") }.map { name in
      let guess = nearest(to: name, in: declared.sorted()).map { "; did you mean \($0)?" } ?? ""
      return "no service of \(displayName) gets \(name): list it under environment:\(guess)"
    }
  }
}

extension EnvironmentDeclaration {
  /// The variable; nil for `*`.
  fileprivate var name: String? {
    switch self {
    case .required(let name), .defaulted(let name, _): name
    case .everything: nil
    }
  }
}
