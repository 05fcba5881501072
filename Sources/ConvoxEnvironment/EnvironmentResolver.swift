package import ConvoxManifest

/// Works out the variables of services, in the order of precedence that Convox has on AWS.
package struct EnvironmentResolver: Sendable {
  private let manifest: Manifest
  private let catalog: ResourceCatalog
  private let endpoints: [ResourceEndpoint]
  private let linked: [ResourceEndpoint]
  private let appEnvironment: AppEnvironment
  private let context: ServiceContext

  /// A resolver for the services of a manifest.
  /// - Parameters:
  ///   - manifest: Says what resources there are, and in which order.
  ///   - catalog: Says which types have variables at all.
  ///   - endpoints: Where they can be reached. One with a non-blank `<NAME>_URL` in the app env needs none.
  ///   - linked: Resources from outside the manifest, which every service gets.
  ///   - appEnvironment: The app env.
  ///   - context: The release's own variables.
  package init(
    manifest: Manifest, catalog: ResourceCatalog, endpoints: [ResourceEndpoint],
    linked: [ResourceEndpoint] = [], appEnvironment: AppEnvironment, context: ServiceContext
  ) {
    self.manifest = manifest
    self.catalog = catalog
    self.endpoints = endpoints
    self.linked = linked
    self.appEnvironment = appEnvironment
    self.context = context
  }

  /// The variables of a service, sorted by name. Later wins: defaults of `environment:`; links to services;
  /// linked resources; the release's own variables; the app env for the keys that the service declares.
  /// - Throws: `EnvironmentError`, for required variables without a value, for a linked resource that nobody
  ///   knows the whereabouts of, and for resources whose variables have the same names.
  package func environment(for service: Service) throws(EnvironmentError) -> [EnvironmentVariable] {
    try requireValues(for: service)
    try refuseCollisions(in: service)
    var values = defaults(of: service)
    values.merge(serviceLinks(of: service)) { $1 }
    for variable in try resourceVariables(of: service) { values[variable.name] = variable.value }
    values.merge(context.variables(service: service.name)) { $1 }
    values.merge(declaredValues(of: service)) { $1 }
    return Array(sorting: values)
  }

  /// The variables of every resource whose whereabouts are known, sorted by name.
  package func allResources() -> [EnvironmentVariable] {
    var values: [String: String] = [:]
    for variable in linkedVariables { values[variable.name] = variable.value }
    for resource in manifest.resources {
      for variable in endpoint(of: resource.name)?.variables ?? [] { values[variable.name] = variable.value }
    }
    return Array(sorting: values)
  }

  private func requireValues(for service: Service) throws(EnvironmentError) {
    var missing: Set<String> = []
    for case .required(let name) in service.environment where appEnvironment.values[name] == nil {
      missing.insert(name)
    }
    let names = missing.sorted()
    if let first = names.first {
      let place = manifest.requirement(of: first, in: service)
      throw EnvironmentError(.missingRequired, names: names, service: service.name, location: place)
    }
  }

  private func refuseCollisions(in service: Service) throws(EnvironmentError) {
    let own = Set(service.resources.filter { $0.variable == nil }.map(\.resource))
    let names = Array(own) + linked.map(\.resource)
    let byPrefix = Dictionary(grouping: names.sorted(), by: Resource.environmentPrefix(of:))
    let colliding = byPrefix.values.filter { $0.count > 1 }.map { $0 }.min { $0[0] < $1[0] }
    if let colliding {
      throw EnvironmentError(.prefixCollision, names: colliding, service: service.name)
    }
  }

  private func defaults(of service: Service) -> [String: String] {
    var values: [String: String] = [:]
    for case .defaulted(let name, let value) in service.environment { values[name] = value }
    return values
  }

  private func serviceLinks(of service: Service) -> [String: String] {
    var values: [String: String] = [:]
    for link in service.links {
      values[Resource.environmentPrefix(of: link) + "_URL"] = context.serviceURLs[link]
    }
    return values
  }

  private func resourceVariables(of service: Service) throws(EnvironmentError) -> [EnvironmentVariable] {
    var variables: [EnvironmentVariable] = []
    var unknown: [String] = []
    for link in service.resources where !isWithoutVariables(link.resource) {
      guard let endpoint = endpoint(of: link.resource) else {
        unknown.append(link.resource)
        continue
      }
      variables += endpoint.variables(for: link)
    }
    guard unknown.isEmpty else {
      throw EnvironmentError(.unknownEndpoint, names: unknown.sorted(), service: service.name)
    }
    return variables + linkedVariables
  }

  /// The variables of the resources from outside; here too the app env's URL beats what runs.
  private var linkedVariables: [EnvironmentVariable] {
    linked.flatMap { endpoint in
      var endpoint = endpoint
      endpoint.externalURL =
        appEnvironment.externalURL(forResource: endpoint.resource) ?? endpoint.externalURL
      return endpoint.variables
    }
  }

  private func declaredValues(of service: Service) -> [String: String] {
    if service.environment.contains(.everything) { return appEnvironment.values }
    var values: [String: String] = [:]
    for declaration in service.environment {
      switch declaration {
      case .required(let name), .defaulted(let name, _): values[name] = appEnvironment.values[name]
      case .everything: break
      }
    }
    return values
  }

  /// Where a resource is; the app env's URL beats what runs here.
  private func endpoint(of name: String) -> ResourceEndpoint? {
    let known = endpoints.first { $0.resource == name }
    if known?.shape == VariableShape.none || isWithoutVariables(name) { return known }
    guard let url = appEnvironment.externalURL(forResource: name) else { return known }
    var external = known ?? ResourceEndpoint(resource: name, shape: .hostPort)
    external.externalURL = url
    return external
  }

  /// Nobody has to make up an endpoint for a resource whose type has no variables.
  private func isWithoutVariables(_ name: String) -> Bool {
    manifest.resource(named: name).flatMap { catalog.type(named: $0.type) }?.hasVariables == false
  }
}

extension ResourceEndpoint {
  /// All six variables, or the one that a v3 link names.
  fileprivate func variables(for link: ResourceLink) -> [EnvironmentVariable] {
    guard let name = link.variable else { return variables }
    return url == nil ? [] : [EnvironmentVariable(name: name, value: value(forLinkVariable: name))]
  }
}
