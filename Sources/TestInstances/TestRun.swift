package import AppState
package import ConvoxManifest
import DrydockBase
package import Emulator
import MonotonicTime
import NativeProcess
import Planning
import Services

/// Runs commands, each beside a throw-away instance of its own.
package struct TestRun: Sendable {
  private let context: DrydockContext
  private let request: TestRequest

  /// What a run takes from whoever starts it, and tells.
  package struct Surroundings: Sendable {
    /// What bringing up says.
    package var events: UpOperation.UpEvents
    /// Told where the data lies.
    package var place: @Sendable (ThrowAwayPlace) -> Void
    /// Makes words of a command out of its words and the efs directories that it wants at their paths.
    package var mounting: @Sendable (_ words: [String], _ mounts: [VolumeMount]) throws -> [String]
    /// The signal by which this process was told to end.
    package var signal: @Sendable () -> Int32
    /// Variables that were taken out of this process's environment, and are the command's again.
    package var restored: [[CChar]]
    /// Told what is worth a line.
    package var notice: @Sendable (String) -> Void
    /// Told once the resources are there, before anything else writes to the terminal.
    package var isUp: @Sendable () async -> Void = {}
    /// Told of an instance that stays.
    package var kept: @Sendable (KeptInstance) -> Void
    /// Told which resources are those that run, with new databases, and which are not.
    package var lent: @Sendable (_ names: [String], _ others: Set<String>) -> Void = { _, _ in }

    /// Surroundings.
    package init(
      events: UpOperation.UpEvents, place: @escaping @Sendable (ThrowAwayPlace) -> Void,
      mounting: @escaping @Sendable ([String], [VolumeMount]) throws -> [String],
      signal: @escaping @Sendable () -> Int32, restored: [[CChar]],
      notice: @escaping @Sendable (String) -> Void, kept: @escaping @Sendable (KeptInstance) -> Void
    ) {
      self.events = events
      self.place = place
      self.mounting = mounting
      self.signal = signal
      self.restored = restored
      self.notice = notice
      self.kept = kept
    }
  }

  /// Runs of an app's tests.
  package init(context: DrydockContext, request: TestRequest) {
    self.context = context
    self.request = request
  }

  /// The manifest as the command finds it.
  package func manifest() throws -> Manifest {
    let known = try context.directory.candidate(for: request.workspace.folder, app: request.app)
    let environment = (known?.appEnvironment(rack: request.rack) ?? [:]).merging(request.extraEnvironment) {
      $1
    }
    return try request.workspace.load(appEnvironment: environment, catalog: context.catalog)
  }

  /// Runs one command. Nothing of its instance is left when this returns, unless it is kept.
  /// - Parameter keepsOnFailure: Whether the instance stays where the command fails.
  /// - Returns: The command's status, as a shell tells it.
  /// - Throws: `ManifestError`, `EnvironmentError`, `DrydockError`, `AggregateError`, `CancellationError`.
  package func run(
    _ command: TestCommand, in surroundings: Surroundings, keepsOnFailure: Bool = false
  ) async throws -> Int32 {
    let lent = try await lentServers(surroundings)
    let instance = try await begin(lent, surroundings)
    let status: Int32
    do {
      let place = instance.place
      status = try await fill(place, command, lent, surroundings) { place, more in
        try await execute(command, place, more, surroundings)
      }
    } catch {
      try? await instance.end()
      throw error
    }
    guard status != 0, keepsOnFailure, !Task.isCancelled else {
      try await instance.end()
      return status
    }
    let kept = KeptInstance(folder: instance.path, id: instance.id, urls: instance.urls)
    try instance.keep()
    surroundings.kept(kept)
    return status
  }

  /// Holds an instance for commands that others run, until the caller is cancelled.
  /// - Parameters:
  ///   - command: Whose variables others are to have.
  ///   - ready: Told once it can be used.
  /// - Throws: As `run`, and `CancellationError` in the end.
  package func serve(
    _ command: TestCommand, in surroundings: Surroundings,
    ready: (ServedInstance) async throws -> Void
  ) async throws {
    let lent = try await lentServers(surroundings)
    let instance = try await begin(lent, surroundings)
    do {
      let place = instance.place
      try await fill(place, command, lent, surroundings) { place, more in
        let served = ServedInstance(
          path: request.workspace.folder.path, folder: place.folder,
          variables: try variables(command, place, more))
        try served.publish()
        try await ready(served)
        while true { try await Task.sleep(for: .seconds(3600)) }
      }
    } catch {
      try? await instance.end()
      throw error
    }
    try await instance.end()
  }

  private func lentServers(_ surroundings: Surroundings) async throws -> LentServers? {
    guard request.isShared else { return nil }
    let lent = try await LentServers(request, context, until: .after(request.patience))
    surroundings.lent(lent.names, lent.others)
    return lent
  }

  /// Begins the instance of all that is not lent.
  private func begin(_ lent: LentServers?, _ surroundings: Surroundings) async throws -> TestInstance {
    var request = request
    if let lent {
      request.selected = lent.others
      if request.choice == .auto, let kind = lent.runtime { request.choice = RuntimeChoice(kind) }
    }
    let instance = try await TestInstance.begin(
      request, context, events: surroundings.events, place: surroundings.place)
    await surroundings.isUp()
    return instance
  }

  /// Fills an instance that is up, and has its databases served while `body` runs.
  private func fill<Value: Sendable>(
    _ place: TestPlace, _ command: TestCommand, _ lent: LentServers?, _ surroundings: Surroundings,
    _ body: (TestPlace, _ more: [String: String]) async throws -> Value
  ) async throws -> Value {
    guard let lent else {
      try await seed(command, place, surroundings)
      let databases = CleanDatabases(try await SQLServer.all(place.context, place.variables))
      return try await databases.serving { try await body(place, $0) }
    }
    return try await lent.lending(notice: surroundings.notice) { loan in
      var place = place
      place.variables = place.variables.reaching(loan.endpoints)
      try await seed(command, place, surroundings)
      return try await loan.databases.serving { [place] in try await body(place, $0) }
    }
  }

  private func seed(_ command: TestCommand, _ place: TestPlace, _ surroundings: Surroundings) async throws {
    let seeding = Seeding(
      context: place.context, workspace: request.workspace, app: place.variables, seeds: request.seeds,
      cache: context.home.cache, notice: surroundings.notice)
    try await seeding.run { words in
      try await execute(TestCommand(service: command.service, words: words), place, [:], surroundings)
    }
  }

  /// What a command finds in its environment, on top of the caller's.
  private func variables(_ command: TestCommand, _ place: TestPlace, _ more: [String: String]) throws
    -> [String: String]
  {
    var variables = try command.environment(place.variables, besides: Set(context.environment.keys))
    variables.merge(more) { $1 }
    variables["DRYDOCK_TEST_INSTANCE"] = place.folder
    return variables
  }

  private func execute(
    _ command: TestCommand, _ place: TestPlace, _ more: [String: String], _ surroundings: Surroundings
  ) async throws -> Int32 {
    let keeper = try context.nativeKeeper()
    let words = try command.program(place.variables.manifest, keeper)
    let mounts = try command.mounts(place.variables)
    var program = ProcessReplacement(
      program: words.first ?? "", words: mounts.isEmpty ? words : try surroundings.mounting(words, mounts))
    program.variables = try variables(command, place, more)
    program.restored = surroundings.restored
    try Task.checkCancellation()
    return try await Escort(keeper: keeper, command: program).run(signal: surroundings.signal)
  }
}

/// A throw-away instance that stays after its command failed.
package struct KeptInstance: Sendable, Hashable {
  /// Its folder.
  package var folder: String
  /// Its name.
  package var id: String
  /// Where its resources are reached, passwords included, by the variables' names.
  package var urls: [String: String]
}
