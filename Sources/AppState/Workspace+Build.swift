package import ConvoxManifest
import DrydockBase

extension Workspace {
  /// The folders that services are to be built from and that are not there: a build would end with that.
  package func buildFindings(_ manifest: Manifest) -> [Diagnostic] {
    manifest.services.compactMap { service in
      guard let path = service.built?.path, !path.isEmpty else { return nil }
      let place = path.beginsExactly(with: "/") ? path : "\(folder.path)/\(path)"
      // Of a file the name with a slash behind it is none.
      guard !Folder.exists("\(place)/.") else { return nil }
      return Diagnostic(
        .error, at: manifest.buildPlace(of: service),
        "service \(service.name) is built from \(path), where no folder is",
        suggestion: "make it, or name another")
    }
  }
}
