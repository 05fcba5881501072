import AppState
import ArgumentParser
import DrydockBase
import Emulator
import Essentials
import NativeProcess
import Services
import Synchronization
import TerminalProgress

/// `drydock logs`.
struct Logs: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Show what services and engines wrote.",
    discussion: """
      The output of services is kept after a stop and after a crash: the latest 20 MB
      of each replica, and up to 20 MB before those.

      Examples:
        drydock logs
        drydock logs mydb -f --tail 100
        drydock logs web --since 10m --grep ERROR
        drydock logs --services --format json
        drydock logs --timers -f
      """)

  @Argument(help: "Resources and services; else all.", completion: NameCompletion.resourcesAndServices)
  var names: [String] = []

  @Flag(name: .shortAndLong, help: "Go on as lines are written, until Ctrl-C.")
  var follow = false

  @Flag(help: "The services alone.")
  var services = false

  @Flag(help: "The runs of timers alone.")
  var timers = false

  @Option(help: "How many lines of the past to show.")
  var tail: Int?

  @Option(
    help: ArgumentHelp(
      "Lines of services from then on: 10m, 2h30m, or 2026-01-31T12:00:00Z.", valueName: "time"),
    transform: LogMoment.init(parsing:))
  var since: LogMoment?

  @Option(
    help: ArgumentHelp("Lines of services up to then.", valueName: "time"),
    transform: LogMoment.init(parsing:))
  var until: LogMoment?

  @Option(help: ArgumentHelp("Lines that hold this text.", valueName: "text"))
  var grep: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let tail, tail < 0 { throw ValidationError("--tail takes a number of lines from 0") }
    if follow, until != nil { throw ValidationError("--follow and --until exclude each other") }
  }

  func run() async throws {
    let session = Session(common.shared)
    guard let instance = try session.existingInstance() else {
      session.console.note("nothing is here yet; start it: \(session.firstStart)")
      return
    }
    let folder = ServiceFolder(home: session.context.home, id: instance.id)
    let chosen = try LogChoice(names, instance, folder, which: which)
    let view = LogView(
      names: chosen.all, console: session.console, format: common.format, text: grep)
    let engines = try await LogOperation(
      context: session.context, instance: instance, selected: chosen.resources)
    guard follow else {
      defer { if !view.hasShown { session.console.note(emptiness) } }
      if !chosen.resources.isEmpty {
        for (name, line) in try await engines.lines(tail ?? 50) { view.print(name, line) }
      }
      return showPast(chosen, folder, view)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      if !chosen.resources.isEmpty {
        group.addTask { try await engines.follow(lines: tail ?? 50) { name, line in view.print(name, line) } }
      }
      if !chosen.replicas.isEmpty {
        group.addTask { try await followServices(chosen, folder, view) }
      }
      try await group.waitForAll()
    }
  }

  /// What is said where no line is shown.
  private var emptiness: String {
    let isChosen = tail == 0 || since != nil || until != nil || grep != nil
    return isChosen ? "no line is one that the options choose" : "nothing was written yet"
  }

  private var which: LogChoice.Which {
    if services || timers { return services && timers ? .servicesAndTimers : services ? .services : .timers }
    // Engines' lines have no times of ours.
    return since != nil || until != nil ? .servicesAndTimers : .everything
  }

  private func showPast(_ chosen: LogChoice, _ folder: ServiceFolder, _ view: LogView) {
    let sources = chosen.replicas.map(folder.log)
    let isWhole = since == nil && until == nil && grep == nil
    let limit = tail ?? (isWhole ? 50 * max(1, chosen.replicas.count) : nil)
    if isWhole {
      for line in lastLines(of: sources, limit ?? 0) where line.line.stream != .event { view.print(line) }
      return
    }
    var kept: [NamedLine] = []
    readLines(of: sources, since: since?.time, until: until?.time) { lines in
      let wanted = lines.filter { $0.line.stream != .event && view.wants($0.line) }
      guard let limit else { return wanted.forEach(view.print) }
      kept += wanted
      // Bounded, however much the past holds.
      if kept.count > limit { kept.removeFirst(kept.count - limit) }
    }
    kept.forEach(view.print)
  }

  private func followServices(_ chosen: LogChoice, _ folder: ServiceFolder, _ view: LogView) async throws {
    let log = ServiceLog(folder) { chosen.holds($0) }
    try await log.follow(from: since.map { .time($0.time) } ?? .last(tail ?? 50)) { lines in
      for line in lines { view.print(line) }
    }
  }
}

/// Whose logs are shown.
struct LogChoice: Sendable {
  /// What is chosen among.
  enum Which: Sendable {
    case everything, services, timers, servicesAndTimers
  }

  /// Resources with a server; empty for none.
  let resources: [String]
  /// The replicas of services that ever ran.
  let replicas: [ServiceReplica]

  private let isWanted: @Sendable (ServiceReplica) -> Bool

  /// Whether a replica's lines are shown; it may come later.
  func holds(_ replica: ServiceReplica) -> Bool { isWanted(replica) }

  /// All names.
  var all: [String] { resources + replicas.map(\.name) }

  init(_ names: [String], _ instance: InstanceState, _ folder: ServiceFolder, which: Which) throws {
    let known = instance.resources.keys.sorted()
    let isOfKind = { @Sendable (replica: ServiceReplica) in
      switch which {
      case .everything, .servicesAndTimers: true
      case .services: !replica.isOfTimer
      case .timers: replica.isOfTimer
      }
    }
    let ran = folder.replicas.filter(isOfKind)
    let services = Set(ran.map(\.service))
    for name in names
    where !known.contains(name) && !services.contains(name) && !ran.map(\.name).contains(name) {
      throw UnknownName.error("resource or service", name, known: known + services.sorted())
    }
    resources = which != .everything ? [] : names.isEmpty ? known : known.filter(names.contains)
    isWanted = { replica in
      isOfKind(replica)
        && (names.isEmpty || names.contains(replica.service) || names.contains(replica.name))
    }
    replicas = ran.filter(isWanted)
  }
}

/// A moment that `--since` and `--until` name.
struct LogMoment: Sendable {
  let time: LogTime

  init(parsing text: String) throws {
    if let date = try? Date(text, strategy: .iso8601) {
      time = LogTime(date)
      return
    }
    guard let seconds = LogSpan.seconds(text) else {
      throw ValidationError("it takes a span such as 10m or 2h30m, or a moment such as 2026-01-31T12:00:00Z")
    }
    time = LogTime(Date(timeIntervalSinceNow: -seconds))
  }
}

/// Prints lines with whose they are in front.
struct LogView: Sendable {
  private let prefixes: [String: String]
  private let console: Console
  private let format: OutputFormat
  private let text: String?
  private let shown = Shown()

  /// Whether a line was printed.
  var hasShown: Bool { shown.any.load(ordering: .relaxed) }

  private final class Shown: Sendable {
    let any = Atomic(false)
  }

  init(names: [String], console: Console, format: OutputFormat, text: String?) {
    let width = names.map { DisplayWidth.of(TerminalText.line($0)) }.max() ?? 0
    let colours = [36, 33, 32, 35, 34, 31]
    var prefixes: [String: String] = [:]
    for (index, name) in names.enumerated() {
      let padded = DisplayWidth.padded(TerminalText.line(name), to: width) + " | "
      prefixes[name] =
        console.colours ? "\u{1B}[\(colours[index % colours.count])m\(padded)\u{1B}[0m" : padded
    }
    self.prefixes = prefixes
    self.console = console
    self.format = format
    self.text = text
  }

  /// Whether a line is to be shown.
  func wants(_ line: LogLine) -> Bool { text.map { line.text.holdsExactly($0) } ?? true }

  /// Prints a service's line.
  func print(_ line: NamedLine) {
    guard wants(line.line) else { return }
    switch format {
    case .table: show(line.name, line.line.text)
    case .json: show(json: ShownLine(line))
    }
  }

  /// Prints an engine's line.
  func print(_ name: String, _ line: String) {
    guard text.map({ line.holdsExactly($0) }) ?? true else { return }
    switch format {
    case .table: show(name, line)
    case .json: show(json: ShownLine(name: name, text: line))
    }
  }

  private func show(_ name: String, _ line: String) {
    shown.any.store(true, ordering: .relaxed)
    // Not escaped where a program reads on.
    let shown = isatty(STDOUT_FILENO) == 1 ? TerminalText.line(line) : line
    console.printUnchanged((prefixes[name] ?? "") + shown)
  }

  private func show(json value: ShownLine) {
    shown.any.store(true, ordering: .relaxed)
    // Nothing but texts, which can always be written.
    guard let text = try? value.encoded() else { return }
    console.printUnchanged(text)
  }
}

/// A line as JSON, one object a line.
struct ShownLine: Encodable {
  let name: String
  let stream: String?
  let text: String
  let time: Date?

  /// A service's line.
  init(_ line: NamedLine) {
    name = line.name
    stream = line.line.stream == .error ? "stderr" : "stdout"
    text = line.line.text
    time = line.line.time.date
  }

  /// An engine's line.
  init(name: String, text: String) {
    self.name = name
    self.text = text
    stream = nil
    time = nil
  }
}

extension Encodable {
  /// The value as one line of JSON with sorted keys.
  func encoded() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    return TerminalText.json(String(decoding: try encoder.encode(self), as: UTF8.self))
  }
}
