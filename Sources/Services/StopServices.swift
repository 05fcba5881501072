package import AppState
package import DrydockBase
import MonotonicTime
import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Stops services, whether a supervisor runs or one left them behind.
package struct StopServices: Sendable {
  private let supervisor: SupervisorProcess

  /// A stop of an instance's services.
  package init(context: DrydockContext, id: String) {
    supervisor = SupervisorProcess(context: context, id: id)
  }

  /// Stops services, all of them where none is named, and with all the supervisor.
  /// - Returns: Which were running.
  package func run(_ services: [String]) async throws -> [String] {
    let before = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    if let before {
      let known = before.map(\.service)
      let named = services.isEmpty ? known : known.filter(services.contains)
      _ = try await supervisor.client.ask(
        ControlRequest(.stop, services: services.isEmpty ? [] : named), until: .after(.seconds(120)))
      if services.isEmpty { _ = try await supervisor.program.stop(until: .after(.seconds(60))) }
      return named
    }
    return try await stopLeftovers(services)
  }

  /// What a supervisor left that was killed.
  private func stopLeftovers(_ services: [String]) async throws -> [String] {
    let folder = supervisor.folder
    let left = folder.replicas.filter { services.isEmpty || services.contains($0.service) }
    let stopped = await concurrently(left) { replica -> Result<String?, any Error> in
      do {
        let steps = [StopStep(signal: SIGTERM, patience: .seconds(10))]
        let end = try await NativeProcess.stop(folder.files(replica), steps: steps)
        return .success(end == nil ? nil : replica.service)
      } catch {
        return .failure(error)
      }
    }
    return Array(Set(try stopped.compactMap { try $0.get() })).sorted()
  }
}

extension SupervisorProcess {
  /// What a command says that needs services which run.
  package static let notStarted = DrydockError(
    .failed, "the app's services are not started", suggestion: "start them: drydock start")

  /// Notes numbers of replicas, so that they count from the next start on.
  package func remember(_ counts: [String: Int]) async throws {
    try await ServiceStore(folder).update { records in
      for (service, count) in counts { records.services[service, default: ServiceRecord()].count = count }
    }
  }
}
