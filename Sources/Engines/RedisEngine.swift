import ConvoxEnvironment
import ConvoxManifest
import HealthProbes
import TransportSecurity

/// Redis or Valkey, as ElastiCache runs them: without accounts, and without a password unless encrypted.
struct RedisEngine: ServerEngine {
  let resourceType: ResourceType
  let variableShape = VariableShape.keyValue(scheme: "redis")
  let standardPort = 6379

  /// Which of the two it is.
  private enum Server: String { case redis, valkey }
  private let program: Server

  let versions: VersionTable
  let nativeSearch: NativeSearch

  let nativeUsers = ["redis", "valkey"]
  let accounts: EngineAccounts? = nil
  let stopSteps = [StopStage(.terminate, .seconds(15)), StopStage(.kill, .seconds(5))]

  /// The type redis: Redis, unless its options ask for Valkey.
  init() {
    self.init(.redis, of: .redis, Self.redisVersions)
  }

  /// The type valkey.
  static let valkey = RedisEngine(.valkey, of: .valkey, valkeyVersions(default: "8.1"))

  private init(_ program: Server, of type: ResourceType, _ versions: VersionTable) {
    self.program = program
    self.resourceType = type
    self.versions = versions
    self.nativeSearch = NativeSearch(
      servers: ["redis-server", "valkey-server"], tools: ["client": ["redis-cli", "valkey-cli"]],
      folders: ["redis", "valkey"].reduce(into: ["/usr/sbin", "/usr/local/bin"]) {
        $0 += ["/opt/homebrew/opt/\($1)*/bin", "/usr/local/opt/\($1)*/bin"]
      }, apt: program == .redis ? "redis-server" : "valkey-server",
      debian: program == .redis
        ? nil : NativeSearch.DebianPackages(since: 13, standIn: "redis-server", clients: "redis-tools"),
      brew: program.rawValue,
      clients: program == .redis ? "redis-tools" : "valkey-tools")
  }

  /// Tags that engines of today refuse to pull, as their images have the first manifest format, and a version that
  /// ElastiCache alone has.
  private static let redisVersions = VersionTable(
    repository: "redis", imageVariable: "REDIS_VERSION", default: "7.0", seriesLength: 1,
    substitutes: ["2", "3"].map {
      VersionTable.Substitute(
        $0, tag: "5.0",
        because: "redis \($0).x images are in a format that Docker no longer pulls; 5.0 is nearest")
    } + [
      VersionTable.Substitute(
        "7.1", tag: "7.2", because: "redis 7.1 is a version of AWS alone; 7.2 is nearest")
    ])

  /// Valkey began as 7.2; what a manifest for Redis asks for is served by that.
  private static func valkeyVersions(default version: String) -> VersionTable {
    VersionTable(
      repository: "valkey/valkey", imageVariable: "VALKEY_VERSION", default: version, seriesLength: 1,
      substitutes: ["2", "3", "4", "5", "6", "7.0", "7.1"].map {
        .init($0, tag: "7.2", because: "there is no valkey \($0); 7.2 is the first")
      })
  }

  /// The last series of Redis whose data Valkey reads too.
  private static let lastShared = [7, 2]

  var product: String { program.rawValue }
  var understudy: (any ServerEngine)? { program == .valkey ? RedisEngine() : nil }

  func variant(_ options: [String: String]) -> any Engine {
    guard program == .redis, options["engine"] == Server.valkey.rawValue else { return self }
    return RedisEngine(.valkey, of: resourceType, Self.valkeyVersions(default: "7.2"))
  }

  func accepts(_ installation: NativeInstallation) -> Acceptance {
    let isValkey = installation.banner.contains("Valkey")
    if isValkey == (program == .valkey) { return .itself }
    return isValkey || Self.isShared(installation.version) ? .standIn(isValkey ? "valkey" : "redis") : .no
  }

  /// Whether Valkey takes the data of a Redis.
  private static func isShared(_ version: ServerVersion) -> Bool {
    !lastShared.lexicographicallyPrecedes(version.prefix(2))
  }

  func standsIn(_ version: ServerVersion) -> Bool { Self.isShared(version) }

  /// As on ElastiCache, `encrypted` is about connections too: TLS alone, with a password.
  /// ElastiCache's rules for AuthToken.
  func problem(withPassword password: String, options: [String: String]) -> String? {
    guard options["encrypted"] == "true" else { return nil }
    if !(16...128).contains(password.count) {
      return "an encrypted \(resourceType.name) takes a password of 16 to 128 characters"
    }
    let others = password.filter { !$0.isLetter && !$0.isNumber && !"!&#$^<>-".contains($0) }
    return others.isEmpty
      ? nil
      : "an encrypted \(resourceType.name) takes none of these characters in its password: \(others)"
  }

  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy {
    options["encrypted"] == "true" ? .required : .plain
  }

  /// ElastiCache adds TLS to older ones itself.
  func obstacle(options: [String: String], version: ServerVersion) -> String? {
    guard options["encrypted"] == "true", version.major < 6 else { return nil }
    return "\(product) \(version) has no TLS, which encrypted: true needs; outside of AWS it came with 6.0"
  }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    let path = configuration("/drydock", request)
    let tls = request.tlsFiles(in: "/drydock", owner: product)
    // All addresses of the container; only 127.0.0.1 of the host is published.
    let lines = ["bind 0.0.0.0", "protected-mode no", "dir /data"]
    let text = settings(
      lines + listening(on: standardPort, tls) + access(request.version, tls, request), request)
    return ContainerRecipe(
      command: ["\(product)-server", path],
      files: [
        tls == nil
          ? RecipeFile(path, text, mode: 0o444) : RecipeFile(path, text, mode: 0o400, owner: product)
      ] + (tls?.files ?? []),
      dataPath: "/data")
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    let path = configuration(folders.folder, request)
    let tls = request.tlsFiles(in: folders.folder, owner: product)
    let lines = ["bind 127.0.0.1", "dir \(Self.quote(folders.data))"]
    return NativeRecipe(
      files: [
        RecipeFile(
          path,
          settings(
            lines + listening(on: request.port, tls) + access(installation.version, tls, request), request))
      ] + (tls?.files ?? []),
      serve: NativeCommand(installation.server, [path]))
  }

  /// The configuration's path holds the marker, because `INFO` reports that path and nothing else of ours.
  private func configuration(_ folder: String, _ request: ServerRequest) -> String {
    "\(folder)/\(request.marker).conf"
  }

  private func listening(on port: Int, _ tls: TLSFiles?) -> [String] {
    guard let tls else { return ["port \(port)"] }
    return [
      "port 0", "tls-port \(port)", "tls-auth-clients no", "tls-cert-file \(Self.quote(tls.certificate))",
      "tls-key-file \(Self.quote(tls.key))",
    ]
  }

  /// Commands that change the server itself, which ElastiCache or MemoryDB withholds. Every version has them.
  ///
  /// Sources: docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html and
  /// docs.aws.amazon.com/memorydb/latest/devguide/restrictedcommands.html
  private static let restricted = [
    "bgrewriteaof", "bgsave", "config", "debug", "migrate", "psync", "save", "shutdown", "slaveof", "sync",
  ]

  /// Who may do what: everybody who gets in, or has the password, may do what a client of AWS may.
  private func access(_ version: ServerVersion?, _ tls: TLSFiles?, _ request: ServerRequest) -> [String] {
    // A name that the server does not know would keep it from starting.
    let major = version?.major ?? 0
    var restricted = Self.restricted
    if major >= 4 { restricted.append("module") }
    if major >= 5 { restricted.append("replicaof") }
    guard major >= 6 else {
      let lines = restricted.map { "rename-command \($0) \"\"" }
      return tls == nil ? lines : lines + ["requirepass \(Self.quote(request.password))"]
    }
    var words = ["user default on", tls == nil ? "nopass" : Self.quote(">" + request.password), "~*"]
    // Channels have rights since 6.2, and are everybody's until 7.
    if major >= 7 { words.append("&*") }
    words.append("+@all")
    words += restricted.map { "-\($0)" }
    words.append("-acl +acl|cat +acl|genpass +acl|help +acl|whoami")
    return [words.joined(separator: " ")]
  }

  /// A value as redis.conf takes it whatever it holds: in quotes, what could end them escaped.
  private static func quote(_ value: String) -> String {
    let escaped = value.utf8.map { byte in
      (0x20..<0x7f).contains(byte) && byte != 0x22 && byte != 0x5c
        ? String(Unicode.Scalar(byte)) : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
    return "\"\(escaped.joined())\""
  }

  /// Nothing of data that goes with its server is written down.
  private func persistence(_ request: ServerRequest) -> [String] {
    request.isThrowAway ? ["appendonly no", "save \"\""] : ["appendonly yes"]
  }

  private func settings(_ lines: [String], _ request: ServerRequest) -> String {
    (lines + ["daemonize no"] + persistence(request) + ["logfile \"\""]).map { $0 + "\n" }.joined()
  }

  /// The command line is the client's own; `REDISCLI_AUTH` is where it looks for a password.
  func console(_ place: ClientPlace) -> ConsoleMethod {
    let tls = place.authorityFile.map { ["--tls", "--cacert", $0] } ?? []
    let login = place.password.isEmpty ? [:] : ["REDISCLI_AUTH": place.password]
    return .client(
      ClientRecipe(
        "client", ["-h", "127.0.0.1", "-p", "\(place.port)"] + tls, environment: login,
        hiddenVariables: ["REDISCLI_AUTH"]))
  }

  /// Values travel in the server's own form, which keeps every type and what time they have left.
  let exportFormat: ExportFormat? = .commands

  func transfer(_ place: ClientPlace) -> TransferMethod? { .server { RedisTransfer(target: $0) } }

  func probe(_ target: ProbeTarget) -> any HealthProbe { RedisProbe(target: target) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker, processID: nativeProcessID)
  }

  /// Newer servers read the dumps of older ones, not the other way round.
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { server.major >= data.major }
}
