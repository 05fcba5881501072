/// What every service of an app is told about its release, with values that make sense on one's own machine.
package struct ServiceContext: Sendable, Hashable {
  /// `APP`.
  package var app: String
  /// `BUILD`.
  package var build: String
  /// `BUILD_GIT_SHA`.
  package var buildGitSHA: String
  /// `BUILD_DESCRIPTION`.
  package var buildDescription: String
  /// `RACK`.
  package var rack: String
  /// `AWS_REGION`.
  package var region: String
  /// `RELEASE`.
  package var release: String
  /// The URLs of services by their names, for those that others list under `links:`.
  package var serviceURLs: [String: String]

  /// A context.
  package init(
    app: String = "app", build: String = "BLOCAL", buildGitSHA: String = "", buildDescription: String = "",
    rack: String = "local", region: String = "us-east-1", release: String = "RLOCAL",
    serviceURLs: [String: String] = [:]
  ) {
    self.app = app
    self.build = build
    self.buildGitSHA = buildGitSHA
    self.buildDescription = buildDescription
    self.rack = rack
    self.region = region
    self.release = release
    self.serviceURLs = serviceURLs
  }

  /// The variables that are set for a service of that name.
  func variables(service: String) -> [String: String] {
    [
      "APP": app, "AWS_REGION": region, "BUILD": build, "BUILD_DESCRIPTION": buildDescription,
      "BUILD_GIT_SHA": buildGitSHA, "RACK": rack, "RELEASE": release, "SERVICE": service,
    ]
  }
}
