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
        resource, type: type, record: state.resources[resource.name],
        isExternal: url != nil && type.hasVariables)
      return settlement.findings + PasswordRule.findings(state, resource, settlement.options)
    }
  }
}
