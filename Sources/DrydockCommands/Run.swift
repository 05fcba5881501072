import AppState
import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import HealthProbes
import NativeProcess
import Planning
import Services
import TerminalProgress

/// `drydock run`.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a command with exactly a service's environment on top of the caller's.",
    // The parser's own has the options last, where they would be the command's.
    usage: "drydock run [<options>] <service> [--] [<command> ...]",
    discussion: """
      The command takes drydock's place: signals, terminal and exit code are its own.
      Without one, the service's command: in the manifest is run: a list word by
      word, a string by a shell.

      Examples:
        drydock run web -- bin/web
        drydock run web sh -c 'echo $MYDB_URL'
        drydock run --rack acme/staging web -- bin/web
        drydock run --container web -- bin/migrate

      An efs resource that the service links and lists under volumes: is mounted at
      its path, for this command only. The app env is the local one, or with --rack
      that rack's, whichever the last up took.

      With --container, the command runs in a container of its own, by the entry
      point of the service's image, which is built first if it is not there.
      """)

  @Argument(help: "The service.", completion: NameCompletion.services)
  var service: String

  @Argument(
    parsing: .captureForPassthrough, help: "The command and its arguments; the service's own by default.")
  var command: [String] = []

  @Flag(
    name: .customLong("no-mounts"),
    help: "Leave efs resources where they are instead of mounting them at their paths.")
  var noMounts = false

  @Flag(help: "Run it in a container of its own, of the service's image.")
  var container = false

  @OptionGroup var rack: RackOption

  @OptionGroup var options: SharedOptions

  func run() async throws {
    if let first = command.first, first.hasPrefix("-"), first != "--" {
      throw DrydockError(
        .usage, "\(first) stands where the command is expected",
        suggestion: "options come before the service: drydock run \(first) \(service) -- COMMAND")
    }
    let session = try Session(options).selecting(rack)
    if container { return try await runInContainer(session) }
    let query = try EnvironmentQuery(session)
    let words = try words(query, session.context)
    var variables = try query.variables(service: service) + query.volumeVariables(service: service)
    variables += try query.trustVariables(service: service, besides: variables)
    try refuseNUL(variables)
    if rack.name == nil, let last = query.state.lastRack {
      session.console.note(
        "the last up took the app env of \(last), this command takes the local one: to change that, "
          + "drydock run --rack \(last) \(service) -- …")
    }
    for name in try await query.idleResources(service: service) {
      session.console.warn("\(name) is not running; start it: drydock up")
    }
    try await session.warnOfIdleLinks(of: query.state)
    let mounts = noMounts ? [] : try await query.allMounts(service: service)
    tell(mounts, query.state, session)
    let tree =
      noMounts
      ? nil
      : try await query.treeMount(service: service, besides: mounts, naming: words + variables.map(\.value))
    let all = [tree].compactMap(\.self) + mounts
    let command = all.isEmpty ? words : try MountHelper.locate(session.context).wrap(words, all)
    await Diagnostics.flush()
    throw Executable.replaceProcess(command, adding: variables)
  }

  /// Says where volumes are that the command may miss, once per change.
  private func tell(_ mounts: [VolumeMount], _ state: InstanceState, _ session: Session) {
    let folder = session.context.currentDirectory
    let lines = mounts.compactMap { $0.line(in: folder) }
    let told = ToldOnce(home: session.context.home, id: state.id)
    let isNew = !session.console.isQuiet && told.isNew(lines, about: "mounts of \(service) in \(folder)")
    if isNew { lines.forEach(session.console.note) }
  }

  private func runInContainer(_ session: Session) async throws {
    try StandardStreams.requireInput()
    let words = command.first == "--" ? Array(command.dropFirst()) : command
    guard !words.isEmpty else {
      throw DrydockError(
        .usage, "no command to run in a container of \(service)",
        suggestion: "drydock run --container \(service) -- sh")
    }
    var wishes = SupervisorProcess.Wishes(workspace: try session.workspaceOfInstance())
    wishes.extraEnvironment = try session.extraEnvironment()
    wishes.rack = session.rack
    wishes.options.way = .container
    wishes.options.runtime = try options.runtimeChoice(session.context).kind
    wishes.options.withoutMounts = noMounts
    let code = try await RunInContainer(
      words: words, service: service, wishes: wishes, session: session
    ).run()
    if code != 0 { throw ExitCode(Int32(truncatingIfNeeded: code)) }
  }

  /// A value would silently end there.
  private func refuseNUL(_ variables: [EnvironmentVariable]) throws {
    let broken = variables.filter { $0.name.utf8.contains(0) || $0.value.utf8.contains(0) }.map(\.name)
    guard !broken.isEmpty else { return }
    throw DrydockError(
      .failed, "no command can be given \(broken.joined(separator: ", ")), with a NUL in it",
      suggestion: "leave it out of environment: or of the app env")
  }

  /// The command that was given, else the one that the manifest gives the service.
  private func words(_ query: EnvironmentQuery, _ context: DrydockContext) throws -> [String] {
    let words = command.first == "--" ? Array(command.dropFirst()) : command
    if !words.isEmpty { return words }
    guard let own = try query.ownCommand(service: service) else {
      throw DrydockError(
        .usage, "no command to run, and the manifest has none for \(service)",
        suggestion: "drydock run \(service) -- COMMAND")
    }
    // Other systems' shells become the last program that they run.
    #if os(Linux)
      let keeper = try? Keeper.locate(environment: context.environment).executable
    #else
      let keeper: String? = nil
    #endif
    return own.arguments(keeper: keeper)
  }
}

/// Becomes another program.
enum Executable {
  /// Replaces this process; returns only when that fails, with the status a shell would give.
  static func replaceProcess(
    _ words: [String], adding variables: [EnvironmentVariable], hiding hidden: [String] = []
  ) -> any Error {
    var replacement = ProcessReplacement(program: words[0], words: words)
    replacement.hidden = Set(hidden)
    replacement.variables = Dictionary(variables.map { ($0.name, $0.value) }) { $1 }
    replacement.restored = PostgresVariables.takenOut
    return become(replacement)
  }

  /// Replaces this process by a program that gets these variables alone.
  static func replaceProcess(_ words: [String], environment: [String: String]) -> any Error {
    var replacement = ProcessReplacement(program: words[0], words: words)
    replacement.inheritsNothing = true
    replacement.variables = environment
    return become(replacement)
  }

  private static func become(_ replacement: ProcessReplacement) -> any Error {
    let reason = attempt(replacement)
    let message =
      "ERROR: cannot run \(TerminalText.line(replacement.program)): \(String(cString: strerror(reason)))\n"
    StandardStreams.say(message)
    return ExitCode(reason == ENOENT ? 127 : 126)
  }

  /// Replaces this process by a program that is as if the caller had started it.
  /// - Returns: Only where that fails: the error number.
  static func attempt(_ replacement: ProcessReplacement) -> Int32 {
    unblockSignals()
    Interruption.restorePipeSignal()
    DescriptorLimit.restore()
    return replacement.perform()
  }

  /// The pool's threads have nearly all signals blocked, and a program keeps the mask of the thread that started it.
  static func unblockSignals() {
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
  }
}
