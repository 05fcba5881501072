package import AppState
import ConvoxEnvironment
package import ConvoxManifest

extension Manifest {
  /// What AWS would refuse, or do to a reader's surprise, because of what an instance has deployed: changes of
  /// options, and a resource password that does not fit.
  package func deployedFindings(
    catalog: ResourceCatalog, state: InstanceState, appEnvironment: [String: String]
  ) -> [Diagnostic] {
    resources.flatMap { resource -> [Diagnostic] in
      guard let type = catalog.type(named: resource.type) else { return [] }
      let url = AppEnvironment(appEnvironment).externalURL(forResource: resource.name)
      let settlement = OptionSettlement.settle(
        resource, type: type, record: state.resources[resource.name], in: catalog,
        isExternal: url != nil && type.hasVariables)
      let running =
        url == nil ? defaultVersion(resource, settlement, state.resources[resource.name], catalog) : nil
      return settlement.findings + settlement.deployErrors
        + PasswordRule.findings(state, resource, settlement.options, in: catalog)
        + [running].compactMap(\.self)
    }
  }

  /// What runs here in the place of a rack's default version.
  private func defaultVersion(
    _ resource: Resource, _ settlement: OptionSettlement, _ record: ResourceRecord?,
    _ catalog: ResourceCatalog
  ) -> Diagnostic? {
    guard let record, record.standIn == nil, let version = record.version,
      var spec = try? ResourceSpec(resource, in: catalog, appEnvironment: [:])
    else { return nil }
    spec.version = settlement.options["version"] ?? spec.version
    guard !spec.namesVersion, Drift.describe(spec, running: version, standIn: nil) != nil else { return nil }
    let message = Drift.ofDefault(spec, running: version)
    return Diagnostic(
      .warning, at: resource.location, "resource \(resource.name): \(message)",
      suggestion: "name the version that AWS is to run: version: \"\(spec.version)\"")
  }
}
