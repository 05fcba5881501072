import AppState
import DrydockBase
package import Engines
import Essentials
package import MonotonicTime
package import NativeProcess
import Planning

/// Starts one native server: folders, data directory, process.
package struct NativeServer: Sendable {
  package let layout: NativeLayout
  package let launch: Launch
  package let installation: NativeInstallation
  /// The executable by which the server is run, where that is another than the installed one.
  private var relocated: String?
  package let keeper: Keeper
  package let environment: [String: String]
  /// Where templates of data directories are kept.
  package let cache: String
  /// What it must not outlive; nil for a server that goes on.
  package var leash: Leash?
  /// Where new data is taken from that was made beforehand; nil for nowhere.
  var spares: Spares?
  /// Whether its folder lies in memory.
  var isInMemory = false

  /// Of a server that goes on, on disk: a throw-away one gets its leash and its place afterwards.
  /// - Parameter environment: The caller's, of which `PATH` alone is passed on.
  package init(
    layout: NativeLayout, launch: Launch, installation: NativeInstallation, keeper: Keeper,
    environment: [String: String], cache: String
  ) {
    self.layout = layout
    self.launch = launch
    self.installation = installation
    self.keeper = keeper
    self.environment = environment
    self.cache = cache
  }

  package func start(progress: @escaping ProgressSink, until deadline: Deadline) async throws {
    let user = try launch.engine.processUser()
    try await relocated(for: user, until: deadline).start(as: user, progress: progress, until: deadline)
  }

  /// The same server by the executable that it is to be run by.
  func relocated(for user: ProcessUser?, until deadline: Deadline) async throws -> NativeServer {
    var server = self
    server.relocated = try await RelocatedServer(installation, launch.engine, cache: cache)?.make {
      try await canRun($0, as: user, until: deadline)
    }
    return server
  }

  /// Whether a server's executable runs and says its version: a cache may lie where nothing may be executed.
  private func canRun(_ executable: String, as user: ProcessUser?, until deadline: Deadline) async throws
    -> Bool
  {
    let tool = Tool(
      executable: executable, arguments: ["--version"],
      environment: cleanEnvironment(inherited: environment))
    do {
      _ = try await tool.run(as: user, by: keeper).run(until: deadline)
      return true
    } catch is NativeProcessError {
      return false
    }
  }

  private func start(
    as user: ProcessUser?, progress: @escaping ProgressSink, until deadline: Deadline
  ) async throws {
    let recipe = recipe(layout.folders(data: layout.data))
    let folder = try NativeFolder.open(layout, owner: user)
    try folder.prepare(socket: layout.socket(launch))
    try folder.write(recipe.files)
    if !Folder.exists(layout.data) {
      try await initialise(owner: user, progress: progress, until: deadline)
    }
    for name in recipe.staleFiles { try Folder.remove("\(layout.data)/\(name)") }
    try layout.stopMark.clear()
    progress("starting")
    try await serve(recipe, as: user, until: deadline)
  }

  func recipe(_ folders: NativeFolders) -> NativeRecipe {
    recipe(folders, by: relocated ?? installation.server)
  }

  private func recipe(_ folders: NativeFolders, by server: String) -> NativeRecipe {
    var installation = installation
    installation.server = server
    return launch.engine.native(launch.request, installation, folders)
  }

  /// Makes the data directory aside and renames it into place, so that a half-made one never exists.
  private func initialise(
    owner: ProcessUser?, progress: @escaping ProgressSink, until deadline: Deadline
  ) async throws {
    try await layout.removeUnfinished(until: deadline)
    let aside = layout.newAside()
    let tools = EngineTools(user: owner, keeper: keeper, environment: environment)
    try tools.makeFolder(aside)
    let (outcome, wasFull) = await DiskWatch.during(layout.folder) {
      try await fill(aside, tools, progress: progress, until: deadline)
    }
    if case .failure(let error) = outcome {
      // What stays is removed by the next start.
      try? await Folder.removeTree(aside)
      // MariaDB's tools wait for somebody to free space, and say so to nobody.
      if wasFull, error is TimeoutError || error is NativeProcessError { throw withoutSpace(error) }
      if let remedy = AppArmor().remedy(for: installation.server) {
        let plain = DrydockError(error, resource: launch.spec.name)
        throw DrydockError(plain.code, plain.message, suggestion: remedy, details: plain.details)
      }
      throw explained(error)
    }
    try layout.record(dataVersion: installation.version)
    guard rename(aside, layout.data) == 0 else { throw Folder.failure("move into place", layout.data) }
  }

  private func withoutSpace(_ error: any Error) -> DrydockError {
    let plain = DrydockError(error)
    return DrydockError(
      .cannotWrite, "resource \(launch.spec.name): no space is left on the disk of \(layout.folder)",
      suggestion: WriteRemedy.onDisk(of: layout.folder, isMovable: true),
      details: (plain.message.split(whereSeparator: \.isNewline).map(String.init) + plain.details).suffix(8))
  }

  /// Fills a new data directory: a replica's from its source, any other by the engine's own tools.
  private func fill(
    _ data: String, _ tools: EngineTools, progress: @escaping ProgressSink, until deadline: Deadline
  ) async throws {
    let folders = layout.folders(data: data)
    if let link = launch.request.replica,
      let script = launch.replication?.seed(link, .native(installation, folders))
    {
      progress("initialising")
      return try await run(script, adding: NativeLayout.making(data), until: deadline)
    }
    let recipe = recipe(folders)
    func initialise() async throws {
      try await self.initialise(recipe, data, tools, progress: progress, until: deadline)
    }
    guard var template = template(tools) else { return try await initialise() }
    if try await fillOverlay(data, of: template, progress, deadline) { return }
    if try await fillBySpare(data, of: template, tools, progress, deadline) { return }
    // Tests are run again and again.
    template.isCertain = launch.request.isThrowAway
    try await template.fill(data, progress: progress, until: deadline, initialise: initialise)
    if !launch.request.isThrowAway { template.noteDurable() }
  }

  /// The template of such data; nil for a server that makes its own. A server has one by all of its names, as MariaDB,
  /// which stands in for MySQL under the name mysqld.
  func template(_ tools: EngineTools) -> DataTemplate? {
    let server = URL(filePath: relocated ?? installation.server).resolvingSymlinksInPath().path
    return DataTemplate(
      cache: cache, installation: installation, anywhere: recipe(DataTemplate.anywhere, by: server),
      tools: tools)
  }

  /// Makes data by the engine's own tools.
  func initialise(
    _ recipe: NativeRecipe, _ data: String, _ tools: EngineTools, progress: ProgressSink,
    until deadline: Deadline
  ) async throws {
    let timeZones = layout.folders(data: data).timeZones
    defer { if recipe.wantsTimeZones { Folder.discard(timeZones) } }
    if recipe.wantsTimeZones {
      let file = RecipeFile(timeZones, try await offThePool { ZoneTables().script })
      try NativeFolder.open(layout, owner: tools.user).write([file])
    }
    try await tools.initialise(recipe, in: layout.folder, making: data, progress: progress, until: deadline)
  }

  /// Runs a replica's script as the engine's user, its files gone afterwards: there are passwords in them.
  package func run(
    _ script: ReplicaScript, adding variables: [String: String] = [:], until deadline: Deadline
  ) async throws {
    let user = try launch.engine.processUser()
    try NativeFolder.open(layout, owner: user).write(script.files)
    let tool = Tool(
      executable: "/bin/sh", arguments: ["-c", script.text],
      environment: cleanEnvironment(
        inherited: environment, home: layout.folder, additions: script.environment
      ).merging(variables) { $1 },
      workingDirectory: layout.folder)
    let (outcome, wasFull) = await DiskWatch.during(layout.folder) {
      try await tool.run(as: user, by: keeper).run(until: deadline)
    }
    do {
      defer { for file in script.files { Folder.discard(file.path) } }
      _ = try outcome.get()
    } catch let error as NativeProcessError {
      guard case .commandFailed(let reason) = error.code else { throw error }
      throw copyFailure("\(reason)", error.message, wasFull)
    } catch let late as TimeoutError where wasFull {
      // The MySQL family waits for somebody to free space.
      throw copyFailure("\(late)", "", wasFull)
    }
    for file in script.files { try Folder.remove(file.path) }
  }

  private func copyFailure(_ how: String, _ output: String, _ wasFull: Bool) -> DrydockError {
    CopyFailure.error(
      launch.spec.name, how, output: output, isDiskFull: wasFull,
      remedy: WriteRemedy.onDisk(of: layout.folder, isMovable: true))
  }

  /// initdb looks its user up by number and fails where there is none, as in many containers.
  private func explained(_ error: any Error) -> any Error {
    guard let failure = error as? NativeProcessError, failure.suggestion == nil, getpwuid(geteuid()) == nil
    else { return error }
    var described = DrydockError(failure, resource: launch.spec.name)
    described.suggestion =
      "user \(geteuid()) has no name on this machine: add it to /etc/passwd, or use --runtime docker"
    return described
  }

  private func serve(_ recipe: NativeRecipe, as user: ProcessUser?, until deadline: Deadline) async throws {
    var spec = SupervisedSpec(
      executable: recipe.serve.executable, arguments: recipe.serve.arguments,
      environment: clean(recipe.serve), workingDirectory: layout.folder, user: user, files: layout.files,
      label: launch.spec.name,
      // What is drydock's own in the folder, an engine's administrator could else name as a log file.
      writablePaths: [layout.data, layout.scratch, layout.sockets, "/dev/null", "/dev/zero"]
        + recipe.writablePaths)
    spec.leash = leash
    spec.overlay = launch.request.isThrowAway ? DataOverlay(of: layout.files) : nil
    do {
      _ = try await keeper.start(spec, until: deadline)
    } catch let error where error is CancellationError || error is TimeoutError {
      // The keeper's end of it is ours, and no crash.
      layout.stopMark.set()
      throw error
    }
  }

  private func clean(_ command: NativeCommand) -> [String: String] {
    cleanEnvironment(inherited: environment, home: layout.folder, additions: command.environment)
  }
}

extension ServerEngine {
  /// The user that a native server runs as: nobody special unless drydock runs as root.
  package func processUser() throws -> ProcessUser? {
    try ProcessUser.unprivileged(nativeUsers + ["nobody"])
  }
}
