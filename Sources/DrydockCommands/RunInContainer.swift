import AppState
import DrydockBase
import MonotonicTime
import Services

/// `drydock run --container`: a command in a container that is there for it alone, as `convox run` has it.
struct RunInContainer: Sendable {
  /// What holds the container while the command runs in it; the container is gone when this process is.
  private static let holder = "exec sleep 2147483647"

  let words: [String]
  let service: String
  let wishes: SupervisorProcess.Wishes
  let session: Session

  /// Runs it to its end.
  /// - Returns: Its exit code.
  /// - Throws: `DrydockError` where the service has no image, or its resources were never up.
  func run() async throws -> Int {
    let runner = ServiceRunner(
      context: session.context, id: try session.startedInstance().id, wishes: wishes
    ) { session.console.note($0) }
    let done = Latch()
    let (places, place) = AsyncStream.makeStream(of: ReplicaAccess.self)
    return try await withThrowingTaskGroup(of: Int?.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        defer { place.finish() }
        let end = try await runner.run(ServiceRun(service: service, command: Self.holder), until: done) {
          if let access = $1 { place.yield(access) }
        }
        guard !done.hasCome else { return nil }
        throw DrydockError(
          .failed, "the container for \(service) ended at once: \(end.description)",
          suggestion: "it is held by sleep, by way of the image's entry point and its sh")
      }
      group.addTask {
        defer { done.come() }
        for await access in places {
          guard case .container(let container, _) = access.place else { break }
          return try await Exec.run(
            ContainerCommand(words, in: container, behindEntryPoint: true, guardian: nil, session.context),
            session)
        }
        return nil
      }
      var code: Int?
      while let ended = try await group.next() { code = ended ?? code }
      return code ?? 1
    }
  }
}
