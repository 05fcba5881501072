package import AppState
import Essentials
package import MonotonicTime
import NativeProcess

/// The services of an app under a supervisor in the background, as `drydock start --detach` starts it.
package struct BackgroundServices: Sendable {
  private let context: DrydockContext
  private let instance: InstanceState
  private let wishes: SupervisorProcess.Wishes
  private let environmentFiles: [String]

  /// The services of an instance whose resources are up.
  /// - Parameter environmentFiles: The paths of what `--env-file` names, as the supervisor reads them itself.
  package init(
    context: DrydockContext, instance: InstanceState, wishes: SupervisorProcess.Wishes,
    environmentFiles: [String] = []
  ) {
    self.context = context
    self.instance = instance
    self.wishes = wishes
    self.environmentFiles = environmentFiles
  }

  /// Starts the supervisor, in a session of its own, and returns once it works. One that runs is left as it is.
  /// - Throws: `DrydockError` with the exit code and the last words of one that ended at once; `TimeoutError`.
  package func start(until deadline: Deadline) async throws {
    let supervisor = SupervisorProcess(context: context, id: instance.id)
    let program = supervisor.program
    try Folder.make(supervisor.folder.path, mode: 0o700)
    for folder in ["supervising", "supervisor"] {
      try Folder.make("\(supervisor.folder.path)/\(folder)", mode: 0o700)
    }
    var spec = SupervisedSpec(
      executable: Keeper.ownExecutable, arguments: arguments,
      environment: context.environmentElsewhere,
      workingDirectory: wishes.workspace.folder.path, files: program.files,
      label: "drydock start \(instance.handle)")
    spec.startsAgain = true
    let keeper = try Keeper.locate(environment: context.environment)
    _ = try await program.start(spec, by: keeper, until: deadline) {
      // What an earlier one said explains nothing.
      unlink(program.files.logFile)
    }
  }

  private var arguments: [String] {
    let options = wishes.options
    var words = [
      "start", "--supervise", "--manifest", wishes.workspace.manifestPath, "--app", instance.handle,
    ]
    words += ["--services", options.way.rawValue]
    if let runtime = options.runtime { words += ["--runtime", runtime.rawValue] }
    if options.withoutMounts { words.append("--no-mounts") }
    if options.ignoresCache { words.append("--no-cache") }
    if options.buildsNothing { words.append("--no-build") }
    if options.appliesLimits { words.append("--aws-limits") }
    if options.speaksTLS { words.append("--https") }
    words += options.terminals.sorted().flatMap { ["--tty", $0] }
    if options.watches { words.append("--watch") }
    if !options.syncs { words.append("--no-sync") }
    if let rack = wishes.rack { words += ["--rack", rack] }
    words += environmentFiles.flatMap { ["--env-file", $0] }
    return words + wishes.services
  }
}
