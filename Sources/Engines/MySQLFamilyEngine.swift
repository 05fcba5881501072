import ConvoxEnvironment
import ConvoxManifest
import HealthProbes
import MonotonicTime

/// An engine of the MySQL family: the two differ in how they are installed, initialised and configured, and are the
/// same to whoever connects.
protocol MySQLFamilyEngine: ServerEngine {}

extension MySQLFamilyEngine {
  var accounts: EngineAccounts? { MySQLFamily.accounts(containerAdministrator: "root") }
  var stopSteps: [StopStage] { MySQLFamily.stopSteps }
  var nativeUsers: [String] { ["mysql"] }

  func socket(_ request: ServerRequest, _ folders: NativeFolders) -> String? {
    MySQLFamily.socket(folders)
  }

  /// RDS's bound on MasterUserPassword.
  func problem(withPassword password: String, options: [String: String]) -> String? {
    password.count > 41 ? "\(resourceType.name) takes a password of 41 characters at most" : nil
  }

  func replication(_ source: ServerVersion?, servedBy product: String) -> (any Replication)? {
    MySQLReplication(dialect: MySQLDialect(isMariaDB: product == MariaDBEngine().product, version: source))
  }

  func console(_ place: ClientPlace) -> ConsoleMethod { .client(MySQLClients(place: place).console) }

  func transfer(_ place: ClientPlace) -> TransferMethod? { .tools(MySQLClients(place: place).transfer) }

  func probe(_ target: ProbeTarget) -> any HealthProbe { MySQLProbe(target: target) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker)
  }

  func provision(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await MySQLFamily.provision(administrator, request, until: deadline)
  }

  func changePassword(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline)
    async throws
  {
    try await MySQLFamily.changePassword(administrator, request, until: deadline)
  }

  func copies(_ administrator: ProbeTarget) -> (any DatabaseCopies)? {
    MySQLCopies(session: MySQLAdministrator(target: administrator))
  }

  /// Data of earlier ones has no time zones by name.
  var confinement: Int { 1 }

  func confine(_ administrator: ProbeTarget, _ request: ServerRequest, until deadline: Deadline) async throws
    -> String?
  {
    do {
      try await MySQLFamily.loadTimeZones(administrator, isLogged: true, until: deadline)
      return nil
    } catch let error as StatementError {
      return "time zones have no names in it, as CONVERT_TZ wants them: \(error)"
    }
  }

  /// The same series only; a newer one would upgrade the data for good.
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool {
    data.prefix(2) == server.prefix(2)
  }
}
