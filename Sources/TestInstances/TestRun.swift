package import AppState
package import ConvoxManifest
import DrydockBase
package import Emulator
import NativeProcess
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
    /// Told of an instance that stays.
    package var kept: @Sendable (KeptInstance) -> Void

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
    let instance = try await TestInstance.begin(
      request, context, events: surroundings.events, place: surroundings.place)
    let status: Int32
    do {
      try await seed(command, instance.context, instance.variables, instance.path, surroundings)
      let databases = try await CleanDatabases(instance.context, instance.variables)
      let (variables, path) = (instance.variables, instance.path)
      status = try await databases.serving { more in
        try await execute(command, variables, path, more, surroundings)
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

  private func seed(
    _ command: TestCommand, _ context: DrydockContext, _ variables: AppVariables, _ folder: String,
    _ surroundings: Surroundings
  ) async throws {
    let seeding = Seeding(
      context: context, workspace: request.workspace, app: variables, seeds: request.seeds,
      cache: self.context.home.cache, notice: surroundings.notice)
    try await seeding.run { words in
      try await execute(
        TestCommand(service: command.service, words: words), variables, folder, [:], surroundings)
    }
  }

  private func execute(
    _ command: TestCommand, _ variables: AppVariables, _ folder: String, _ more: [String: String],
    _ surroundings: Surroundings
  ) async throws -> Int32 {
    let keeper = try context.nativeKeeper()
    let words = try command.program(variables.manifest, keeper)
    let mounts = try command.mounts(variables)
    var program = ProcessReplacement(
      program: words.first ?? "", words: mounts.isEmpty ? words : try surroundings.mounting(words, mounts))
    program.variables = try command.environment(variables, besides: Set(context.environment.keys))
    program.variables.merge(more) { $1 }
    program.variables["DRYDOCK_TEST_INSTANCE"] = folder
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
