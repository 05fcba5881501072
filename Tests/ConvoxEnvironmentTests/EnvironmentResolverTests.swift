import ConvoxEnvironment
import ConvoxManifest
import Testing

private let place = SourceLocation(file: "convox.yml", line: 1, column: 1)

private func resource(_ name: String, _ type: String) -> Resource {
  Resource(name: name, type: type, location: place)
}

private func service(
  _ environment: [EnvironmentDeclaration] = [], resources: [ResourceLink] = [], links: [String] = []
) -> Service {
  Service(name: "web", environment: environment, resources: resources, links: links, location: place)
}

/// What the resolver says beyond the variables that every service has.
private func resolve(
  _ service: Service, app: [String: String] = [:], linked: [ResourceEndpoint] = []
) throws(EnvironmentError) -> [String: String] {
  let manifest = Manifest(
    file: "convox.yml",
    resources: [
      resource("my-db", "postgres"), resource("my_db", "postgres"), resource("cache", "redis"),
      resource("files", "efs"), resource("later", "mysql"),
    ])
  let endpoints = [
    ResourceEndpoint(resource: "my-db", shape: .database(scheme: "postgres"), port: 1, password: "pw"),
    ResourceEndpoint(resource: "my_db", shape: .database(scheme: "postgres"), port: 2, password: "pw"),
    ResourceEndpoint(resource: "cache", shape: .keyValue(scheme: "redis"), port: 3),
  ]
  let resolver = EnvironmentResolver(
    manifest: manifest, catalog: testCatalog, endpoints: endpoints, linked: linked,
    appEnvironment: AppEnvironment(app),
    context: ServiceContext(app: "shop", serviceURLs: ["back-end": "http://127.0.0.1:9"]))
  let variables = try resolver.environment(for: service)
  let names = variables.map(\.name)
  #expect(names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
  return Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.value) })
}

private let always = [
  "APP": "shop", "AWS_REGION": "us-east-1", "BUILD": "BLOCAL", "BUILD_DESCRIPTION": "", "BUILD_GIT_SHA": "",
  "RACK": "local", "RELEASE": "RLOCAL", "SERVICE": "web",
]

@Suite struct EnvironmentResolverTests {
  @Test func everyServiceKnowsItsRelease() throws {
    #expect(try resolve(service()) == always)
  }

  @Test func laterBeatsEarlier() throws {
    let declared = service(
      [
        .defaulted("A", "global"), .defaulted("A", "own"), .defaulted("BACK_END_URL", "default"),
        .defaulted("CACHE_HOST", "default"), .defaulted("RACK", "default"), .defaulted("B", "default"),
      ],
      resources: [ResourceLink(resource: "cache")], links: ["back-end", "unknown"])
    let values = try resolve(declared, app: ["B": "app", "UNDECLARED": "x"])
    #expect(values["A"] == "own")
    #expect(values["B"] == "app")
    #expect(values["BACK_END_URL"] == "http://127.0.0.1:9")
    #expect(values["CACHE_HOST"] == "127.0.0.1")
    #expect(values["CACHE_PORT"] == "3/0")
    #expect(values["RACK"] == "local")
    #expect(values["UNDECLARED"] == nil)
    #expect(values["UNKNOWN_URL"] == nil)
  }

  @Test func declaredValuesOfTheAppBeatEverything() throws {
    let declared = service(
      [.defaulted("RACK", "x"), .required("CACHE_HOST"), .required("BACK_END_URL")],
      resources: [ResourceLink(resource: "cache")], links: ["back-end"])
    let app = ["RACK": "app", "CACHE_HOST": "app", "BACK_END_URL": "app", "CACHE_PORT": "app"]
    let values = try resolve(declared, app: app)
    #expect(values["RACK"] == "app" && values["CACHE_HOST"] == "app" && values["BACK_END_URL"] == "app")
    #expect(values["CACHE_PORT"] == "3/0")
  }

  @Test func asteriskTakesTheWholeAppEnv() throws {
    let values = try resolve(service([.everything]), app: ["X": "1", "RACK": "mine"])
    #expect(values == always.merging(["X": "1", "RACK": "mine"]) { $1 })
  }

  @Test func onlyLinkedResourcesCount() throws {
    let values = try resolve(service(resources: [ResourceLink(resource: "my-db")]))
    #expect(values["MY_DB_URL"] == "postgres://app:pw@127.0.0.1:1/app")
    #expect(values["CACHE_URL"] == nil)
    #expect(values.count == always.count + 6)
  }

  @Test func namedLinksSetOneVariable() throws {
    let link = ResourceLink(resource: "my-db", variable: "DATABASE_HOST")
    let values = try resolve(service(resources: [link]))
    #expect(values == always.merging(["DATABASE_HOST": "127.0.0.1"]) { $1 })
  }

  @Test func sharedDirectoriesNeedNoEndpoint() throws {
    let links = [
      ResourceLink(resource: "files"), ResourceLink(resource: "files", variable: "FILES_PATH"),
    ]
    #expect(try resolve(service(resources: links)) == always)
  }

  @Test(arguments: ["my-db", "later"])
  func externalResourcesHaveOnlyTheirURL(name: String) throws {
    let prefix = Resource.environmentPrefix(of: name)
    let app = ["\(prefix)_URL": "scheme://elsewhere"]
    let values = try resolve(service(resources: [ResourceLink(resource: name)]), app: app)
    #expect(values["\(prefix)_URL"] == "scheme://elsewhere")
    for ending in ["USER", "PASS", "HOST", "PORT", "NAME"] { #expect(values["\(prefix)_\(ending)"] == "") }
  }

  @Test func missingVariablesAreNamed() {
    let declared = service([.required("GLOBAL"), .required("ALPHA"), .required("SET"), .required("ALPHA")])
    let error = #expect(throws: EnvironmentError.self) { try resolve(declared, app: ["SET": ""]) }
    #expect(
      error
        == EnvironmentError(.missingRequired, names: ["ALPHA", "GLOBAL"], service: "web", location: place))
    #expect(error?.message == "required env: ALPHA, GLOBAL")
  }

  @Test func requiredIsRequiredOfTheAppEnvEvenWithADefault() {
    let declared = service([.defaulted("A", "x"), .required("A")])
    #expect(throws: EnvironmentError(.missingRequired, names: ["A"], service: "web", location: place)) {
      try resolve(declared)
    }
  }

  @Test func unknownEndpointsAreNamed() {
    let declared = service(resources: [ResourceLink(resource: "later"), ResourceLink(resource: "cache")])
    #expect(throws: EnvironmentError(.unknownEndpoint, names: ["later"], service: "web")) {
      try resolve(declared)
    }
  }

  @Test func collidingPrefixesAreRefused() throws {
    let both = [ResourceLink(resource: "my_db"), ResourceLink(resource: "my-db")]
    #expect(throws: EnvironmentError(.prefixCollision, names: ["my-db", "my_db"], service: "web")) {
      try resolve(service(resources: both))
    }
    let apart = [ResourceLink(resource: "my_db"), ResourceLink(resource: "my-db", variable: "OTHER_PORT")]
    let values = try resolve(service(resources: apart))
    #expect(values["MY_DB_PORT"] == "2" && values["OTHER_PORT"] == "1")
    #expect(throws: Never.self) { try resolve(service(resources: [both[0], both[0]])) }
  }

  @Test func allResourcesAreListedSorted() {
    let manifest = Manifest(
      file: "convox.yml",
      resources: [resource("b", "memcached"), resource("a", "redis"), resource("c", "mysql")])
    let endpoints = [
      ResourceEndpoint(resource: "b", shape: .hostPort, port: 1),
      ResourceEndpoint(resource: "a", shape: .keyValue(scheme: "redis"), port: 2),
      ResourceEndpoint(resource: "stranger", shape: .hostPort, port: 3),
    ]
    let resolver = EnvironmentResolver(
      manifest: manifest, catalog: testCatalog, endpoints: endpoints,
      appEnvironment: AppEnvironment(["C_URL": "mysql://far"]),
      context: ServiceContext())
    let variables = resolver.allResources()
    #expect(variables.count == 18)
    #expect(variables.map(\.name) == variables.map(\.name).sorted())
    #expect(variables.contains(EnvironmentVariable(name: "C_URL", value: "mysql://far")))
    #expect(variables.contains(EnvironmentVariable(name: "B_URL", value: "127.0.0.1:1")))
  }

  // MARK: Resources from outside the manifest

  private static let outside = ResourceEndpoint(
    resource: "redis-4187", shape: .keyValue(scheme: "redis"), port: 4)

  @Test func everyServiceGetsWhatTheAppIsLinkedTo() throws {
    let values = try resolve(service(), linked: [Self.outside])
    #expect(values["REDIS_4187_URL"] == "redis://127.0.0.1:4/0")
    #expect(values["REDIS_4187_PORT"] == "4/0")
    #expect(values.count == always.count + 6)
  }

  @Test func theAppEnvBeatsALinkToo() throws {
    let values = try resolve(service(), app: ["REDIS_4187_URL": "redis://far:1/0"], linked: [Self.outside])
    #expect(values["REDIS_4187_URL"] == "redis://far:1/0")
    #expect(values["REDIS_4187_HOST"] == "")
  }

  @Test(arguments: ["cache", "my-db", "my_db"])
  func aLinkMayNotHideAResourceOfTheService(_ name: String) throws {
    let declared = service(resources: [ResourceLink(resource: name == "cache" ? "cache" : "my_db")])
    let error = try #require(throws: EnvironmentError.self) {
      _ = try resolve(
        declared, linked: [ResourceEndpoint(resource: name, shape: .keyValue(scheme: "redis"), port: 4)])
    }
    #expect(error.code == .prefixCollision)
    #expect(error.suggestion.contains("unlink"))
  }
}
