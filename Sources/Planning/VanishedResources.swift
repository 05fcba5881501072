package import AppState
package import ConvoxManifest

/// Resources of the last `up` that the manifest no longer names: on purpose, or by a slip that would stop them all.
package struct VanishedResources {
  private let names: [String]
  private let manifest: Manifest

  /// Compares what the last `up` recorded with what the manifest names now.
  package init(_ state: InstanceState, _ manifest: Manifest) {
    let named = Set(manifest.resources.map(\.name))
    names = state.resources.filter { !named.contains($0.key) && !$0.value.isRemoved }.keys.sorted()
    self.manifest = manifest
  }

  /// Refuses a manifest in which they probably stand where Convox does not see them, or which is empty.
  /// - Throws: `ManifestError` with the place.
  package func refuse() throws(ManifestError) {
    guard !names.isEmpty else { return }
    let list = names.joined(separator: ", ")
    if manifest.isBlank {
      let place = SourceLocation(file: manifest.file, line: 1, column: 1)
      throw ManifestError([
        Diagnostic(
          .error, at: place, "the file is empty, and \(list) would be stopped",
          suggestion: "bring its content back; to stop them: drydock down")
      ])
    }
    let findings = manifest.hidden.filter { names.contains(where: $0.mayHold) }.map { hidden in
      var finding = hidden.finding
      finding.message += "; \(names.filter(hidden.mayHold).joined(separator: ", ")) would be stopped"
      return finding
    }
    if !findings.isEmpty { throw ManifestError(findings) }
  }

  /// A line for each that a plan stops.
  package static func notices(_ plan: Plan, _ state: InstanceState, isDryRun: Bool) -> [String] {
    let stopped = plan.items.filter { $0.action == .stop }
    let protected = Set(DeletionProtection.protected(stopped.map(\.resource), in: state))
    return stopped.filter { !protected.contains($0.resource) }.map {
      "\($0.resource) is no longer in the manifest: it \(isDryRun ? "would be" : "is") stopped, its data kept "
        + "(to export it: drydock up \($0.resource); to delete it: drydock down \($0.resource) --delete-data)"
    }
  }
}
