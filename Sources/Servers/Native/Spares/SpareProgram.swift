package import AppState
import DrydockBase
import Essentials
import MonotonicTime
package import NativeProcess

/// What makes spares: a short program in the background, which nobody waits for.
package struct SpareProgram: Sendable {
  /// What there is to be known of it: nothing.
  package struct Record: Sendable, Codable {
    /// Nothing.
    package init() {}
  }

  /// How many seconds it may work. What it is about to make then is dropped.
  private static let patience = 1.6
  /// After how many seconds it is ended, whatever it does.
  private static let limit = 2

  private let folder: String

  /// That of a home.
  package init(home: StateHome) { folder = "\(home.root)/spares" }

  /// The program as it is found.
  package var process: BackgroundProcess<Record> {
    BackgroundProcess(
      name: "the making of spares", lockFile: "\(folder)/working/lock", recordFile: "\(folder)/record.json",
      files: SupervisedFiles(folder: "\(folder)/process"))
  }

  /// Makes the folders that it needs.
  package func prepare() throws {
    for path in [folder, "\(folder)/working", "\(folder)/process"] { try Folder.make(path, mode: 0o700) }
  }

  /// Begins it where a template lacks a spare, and returns at once. What cannot be begun is not: a copy is made when one is
  /// needed.
  ///
  /// Not for what is thrown away, not where nothing is made for the next time, and not where nobody said how drydock goes on
  /// in the background.
  package static func beginIfWanted(_ context: DrydockContext) async {
    guard let program = context.program, context.throwAway == nil, isWanted(context.environment),
      let spares = Spares(home: context.home), !spares.wanted().isEmpty,
      let keeper = try? Keeper.locate(environment: context.environment)
    else { return }
    let maker = SpareProgram(home: context.home)
    guard (try? maker.prepare()) != nil else { return }
    var spec = SupervisedSpec(
      executable: program, arguments: ["cache", "warm", "--spares", "--timeout", "\(patience)"],
      environment: environment(context),
      workingDirectory: "/", files: maker.process.files, label: "drydock spares")
    spec.errand = limit
    _ = try? await maker.process.begin(spec, by: keeper, until: .after(.seconds(2)))
  }

  private static func isWanted(_ environment: [String: String]) -> Bool {
    !environment.isContinuousIntegration
      && !["0", "false"].contains(environment["DRYDOCK_SPARES"]?.lowercased())
  }

  /// What decides where the cache and the home are, and by what drydock's own helpers are found.
  private static func environment(_ context: DrydockContext) -> [String: String] {
    let names: Set = ["HOME", "PATH", "XDG_CACHE_HOME", "XDG_STATE_HOME", "DRYDOCK_HOME", "DRYDOCK_KEEPER"]
    return context.environmentElsewhere.filter { names.contains($0.key) }
  }
}
