import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import MonotonicTime
import Planning
import Resources
import TerminalProgress
import TestInstances

/// `drydock cache warm`.
struct WarmCache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warm",
    abstract: "Make templates of engines' data now, so that the next start does not have to.",
    usage: "drydock cache warm [<options>] [<type> [<version>]] ...",
    discussion: """
      For the manifest's resources, or for the types that you name, each followed by
      a version if you want a certain one. Only for engines that are installed on
      this machine; in Docker, an engine's first start makes an image with its data.

      Examples:
        drydock cache warm
        drydock cache warm postgres 15 mariadb
      """)

  @Argument(
    help: ArgumentHelp("A type of resources, and perhaps its version; may be repeated.", valueName: "type"),
    completion: NameCompletion.types)
  var words: [String] = []

  @Option(help: ArgumentHelp("Seconds that it may take.", valueName: "seconds"))
  var timeout: Double = 300

  /// The program in the background that makes spares of new data.
  @Flag(help: .hidden)
  var spares = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard timeout > 0, timeout <= 1_000_000 else {
      throw ValidationError("--timeout takes a number of seconds above 0, a million at most")
    }
    if let first = words.first, Self.isVersion(first) {
      throw ValidationError("a version comes behind its type: drydock cache warm postgres \(first)")
    }
  }

  /// Types and versions, as they were named.
  var named: [(type: String, version: String?)] {
    words.reduce(into: []) { named, word in
      if Self.isVersion(word), let last = named.indices.last, named[last].version == nil {
        named[last].version = word
      } else {
        named.append((word, nil))
      }
    }
  }

  private static func isVersion(_ word: String) -> Bool {
    word.first.map { ("0"..."9").contains($0) } ?? false
  }

  func run() async throws {
    let session = Session(common.shared)
    let deadline = Deadline.after(.seconds(timeout))
    if spares { return try await SpareMaking(context: session.context).run(until: deadline) }
    let warming = CacheWarming(context: session.context)
    let outcomes = try await warming.run(specs(warming, session), until: deadline)
    if common.format == .json { return try session.console.print(json: outcomes) }
    guard !outcomes.isEmpty else { return session.console.note("no resource has a template") }
    for outcome in outcomes { outcome.drift.map { session.console.warn("\(outcome.type): \($0)") } }
    let rows = outcomes.map { [$0.type, $0.version, Self.describe($0.result)] }
    session.console.print(Table(header: ["TYPE", "VERSION", "TEMPLATE"], rows: rows).rendered())
  }

  private static func describe(_ result: CacheWarming.Outcome.Result) -> String {
    switch result {
    case .made: "made"
    case .present: "there already"
    case .unneeded: "none needed"
    }
  }

  private func specs(_ warming: CacheWarming, _ session: Session) throws -> [ResourceSpec] {
    guard words.isEmpty else { return try named.map { try warming.spec(type: $0.type, version: $0.version) } }
    let state = try session.existingInstance(allowsNewName: true)
    let environment = try session.appEnvironment(state)
    let manifest = try session.manifest(session.workspaceToBringUp(), state)
    return try ResourceSpec.specs(of: manifest, in: session.context.catalog, appEnvironment: environment)
  }
}
