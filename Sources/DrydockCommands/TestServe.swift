import ArgumentParser
import ConvoxEnvironment
import DrydockBase
import TestInstances

/// `drydock test serve`: the resources without a command.
extension Test {
  func validateServing() throws {
    guard words.isEmpty else {
      throw ValidationError("serve takes no command and no service; whose variables: --service NAME")
    }
    if keepOnFailure { throw ValidationError("--keep-on-failure goes with a command") }
  }

  /// The words by which the parser knows `drydock test serve`, which takes the same options: what stands where services do
  /// would be one to it.
  static func spelled(_ arguments: [String]) -> [String] {
    guard arguments.count > 1, arguments[0] == "test", arguments[1] == "serve" else { return arguments }
    return ["test", "--serve"] + arguments.dropFirst(2)
  }

  /// Holds the resources for other shells.
  func hold(_ run: TestRun, _ session: Session) async throws {
    guard let command = try commands(run.manifest()).first else { return }
    try await showing(session) { surroundings, _ in
      try await run.serve(command, in: surroundings) { served in
        tell(of: served, session.console)
      }
    }
  }

  private func tell(of served: ServedInstance, _ console: Console) {
    let rendered = served.rendered(as: format ?? .dotenv)
    rendered.warning("what is printed", command: "drydock test serve").map(console.warn)
    console.print(rendered.text)
    console.note("these are there until Ctrl-C; for another shell: . \(quotedForShell(served.shellFile))")
  }
}
