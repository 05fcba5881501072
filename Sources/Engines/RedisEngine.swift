import ConvoxEnvironment
import ConvoxManifest
import HealthProbes

/// Redis, as ElastiCache runs it: without accounts, and without a password unless encrypted.
struct RedisEngine: ServerEngine {
  let resourceType = ResourceType(
    name: "redis", v3Names: ["elasticache-redis"],
    options: OptionRule.cache(version: "7.0", documentedVersion: "2.8.24", "Redis") + [
      OptionRule(
        "durable", .boolean, default: "false", "Multi-AZ automatic failover; needs two nodes at least",
        here: .enforced("refused with fewer than two nodes; one server runs")),
      OptionRule(
        "encrypted", .boolean, default: "false", "Encrypt data at rest and in transit",
        here: .emulated("TLS and the app's password, as clients see them")),
      OptionRule(
        "engine", .choice(["redis", "valkey"]), default: "redis", "Which server speaks the protocol",
        here: .enforced("no change once deployed")),
    ],
    appendsMinorVersion: true,
    deployNotes: [
      DeployNote(
        .linked, "{prefix}_PORT is 6379/0 on AWS, with the database's number behind it",
        suggestion: "read {prefix}_URL instead"),
      DeployNote(
        .all([.option("durable", is: "true"), .optionBelow("nodes", 2)]),
        "durable: true needs two nodes at least", suggestion: "set nodes: 2", severity: .error),
      DeployNote(
        .option("encrypted", is: "true"),
        "an encrypted redis needs a resource password of 16 to 128 characters",
        suggestion: "the app parameter ResourcePassword; one that Convox makes has 36"),
    ])
  let variableShape = VariableShape.keyValue
  let standardPort = 6379

  /// Tags that engines of today refuse to pull: their images have the first manifest format.
  let versions = VersionTable(
    repository: "redis", imageVariable: "REDIS_VERSION", default: "7.0", seriesLength: 1,
    substitutes: ["2", "3"].map {
      .init(
        $0, tag: "5.0",
        because: "redis \($0).x images are in a format that Docker no longer pulls; 5.0 is nearest")
    })

  let nativeSearch = NativeSearch(
    servers: ["redis-server", "valkey-server"], tools: ["client": ["redis-cli", "valkey-cli"]],
    folders: ["/usr/sbin", "/opt/homebrew/opt/redis*/bin", "/usr/local/opt/redis*/bin", "/usr/local/bin"],
    apt: "redis-server", brew: "redis", clients: "redis-tools")

  let accounts: EngineAccounts? = nil
  let stopSteps = [StopStage(.terminate, .seconds(15)), StopStage(.kill, .seconds(5))]

  /// Redis.
  init() {}

  /// As on ElastiCache, `encrypted` is about connections too: TLS alone, with a password.
  func transport(options: [String: String], forcesTLS: Bool) -> TransportPolicy {
    options["encrypted"] == "true" ? .required : .plain
  }

  /// ElastiCache adds TLS to older ones itself.
  func obstacle(options: [String: String], version: ServerVersion) -> String? {
    guard options["encrypted"] == "true", version.major < 6 else { return nil }
    return "redis \(version) has no TLS, which encrypted: true needs; outside of AWS it came with 6.0"
  }

  func container(_ request: ServerRequest) -> ContainerRecipe {
    let path = configuration("/drydock", request)
    let tls = request.tlsFiles(in: "/drydock", owner: "redis")
    // All addresses of the container; only 127.0.0.1 of the host is published.
    let lines = ["bind 0.0.0.0", "protected-mode no", "dir /data"]
    let text = settings(lines + listening(on: standardPort, tls, request))
    return ContainerRecipe(
      command: ["redis-server", path],
      files: [
        tls == nil
          ? RecipeFile(path, text, mode: 0o444) : RecipeFile(path, text, mode: 0o400, owner: "redis")
      ] + (tls?.files ?? []),
      dataPath: "/data")
  }

  func native(
    _ request: ServerRequest, _ installation: NativeInstallation, _ folders: NativeFolders
  ) -> NativeRecipe {
    let path = configuration(folders.folder, request)
    let tls = request.tlsFiles(in: folders.folder, owner: "redis")
    let lines = ["bind 127.0.0.1", "dir \(Self.quote(folders.data))"]
    return NativeRecipe(
      files: [RecipeFile(path, settings(lines + listening(on: request.port, tls, request)))]
        + (tls?.files ?? []),
      serve: NativeCommand(installation.server, [path]), users: ["redis", "valkey"])
  }

  /// The configuration's path holds the marker, because `INFO` reports that path and nothing else of ours.
  private func configuration(_ folder: String, _ request: ServerRequest) -> String {
    "\(folder)/\(request.marker).conf"
  }

  private func listening(on port: Int, _ tls: TLSFiles?, _ request: ServerRequest) -> [String] {
    guard let tls else { return ["port \(port)"] }
    return [
      "port 0", "tls-port \(port)", "tls-auth-clients no", "tls-cert-file \(Self.quote(tls.certificate))",
      "tls-key-file \(Self.quote(tls.key))", "requirepass \(Self.quote(request.password))",
    ]
  }

  /// A value as redis.conf takes it whatever it holds: in quotes, what could end them escaped.
  private static func quote(_ value: String) -> String {
    let escaped = value.utf8.map { byte in
      (0x20..<0x7f).contains(byte) && byte != 0x22 && byte != 0x5c
        ? String(Unicode.Scalar(byte)) : "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }
    return "\"\(escaped.joined())\""
  }

  private func settings(_ lines: [String]) -> String {
    (lines + ["daemonize no", "appendonly yes", "logfile \"\""]).map { $0 + "\n" }.joined()
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
  func transfer(_ place: ClientPlace) -> TransferMethod? { .server { RedisTransfer(target: $0) } }

  func probe(_ target: ProbeTarget) -> any HealthProbe { RedisProbe(target: target) }

  func identity(_ request: ServerRequest, nativeProcessID: Int?) -> ExpectedIdentity {
    ExpectedIdentity(marker: request.marker, processID: nativeProcessID)
  }

  /// Newer servers read the dumps of older ones, not the other way round.
  func canServe(data: ServerVersion, with server: ServerVersion) -> Bool { server.major >= data.major }
}
