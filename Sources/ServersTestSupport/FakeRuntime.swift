package import AppState
import DrydockBase
package import Engines
package import HealthProbes
package import MonotonicTime
package import Planning
package import Servers
import Synchronization

/// A runtime that does what a test says, and remembers what it was asked.
package final class FakeRuntime: Runtime {
  package let kind: RuntimeKind
  private let resolution: @Sendable (ResourceSpec) throws -> ServerSource
  private let fetching: @Sendable (ServerSource) async throws -> ServerSource
  private let starting: @Sendable (Launch) async throws -> Void
  private let alive: [Liveness]
  private let lastWords: String?
  private let isDiskFull: Bool
  private let requests = Mutex<[String]>([])

  /// - Parameter alive: Whether servers live: before the first start, after it, and so on.
  package init(
    _ kind: RuntimeKind = .native,
    alive: [Liveness] = [.alive], lastWords: String? = nil, isDiskFull: Bool = false,
    starting: @escaping @Sendable (Launch) async throws -> Void = { _ in },
    resolution: @escaping @Sendable (ResourceSpec) throws -> ServerSource = { _ in .installed("15.18") },
    fetching: @escaping @Sendable (ServerSource) async throws -> ServerSource = { $0 }
  ) {
    self.kind = kind
    self.alive = alive
    self.lastWords = lastWords
    self.isDiskFull = isDiskFull
    self.resolution = resolution
    self.fetching = fetching
    self.starting = starting
  }

  /// What was asked for so far, as `verb resource`.
  package var calls: [String] { requests.withLock { $0 } }

  private func note(_ call: String) { requests.withLock { $0.append(call) } }

  package func observe(_ resources: [String]) async throws -> [String: Observation] { [:] }

  package func resolve(_ spec: ResourceSpec, data: ServerVersion?, strict: Bool) async throws -> ServerSource
  {
    note("resolve \(spec.name)" + (strict ? " strictly" : ""))
    let source = try resolution(spec)
    if strict, let drift = source.drift { throw DrydockError(.unavailable, drift) }
    return source
  }

  package func fetch(
    _ source: ServerSource, for spec: ResourceSpec, data: ServerVersion?, strict: Bool,
    progress: @escaping ProgressSink
  ) async throws -> ServerSource {
    if !source.isLocal { note("fetch \(spec.name)") }
    return try await fetching(source)
  }

  package func prepareInstance() async throws { note("prepare") }

  package func start(_ launch: Launch, progress: @escaping ProgressSink, until deadline: Deadline)
    async throws
  {
    note("start \(launch.spec.name)")
    try await starting(launch)
  }

  package func peerAddress(of launch: Launch) -> (host: String, port: Int) {
    ("127.0.0.1", launch.request.port)
  }

  package func place(of launch: Launch) -> ReplicaPlace { .container(files: "/drydock") }

  package func run(_ script: ReplicaScript, for launch: Launch, until deadline: Deadline) async throws {
    note("run a script for \(launch.spec.name)")
  }

  package func liveness(_ resource: String) async throws -> Liveness {
    alive[min(calls.count { $0 == "start \(resource)" }, alive.count - 1)]
  }

  package func target(_ launch: Launch, administrator: Bool) -> ProbeTarget {
    ProbeTarget(port: launch.request.port, user: administrator ? "administrator" : "app")
  }

  package func provisioningGap(of launch: Launch) async throws -> ProvisioningGap {
    kind == .native || launch.engine.accounts == nil ? .none : .accounts
  }

  package func identity(_ launch: Launch) async throws -> ExpectedIdentity {
    launch.engine.identity(launch.request, nativeProcessID: nil)
  }

  package func stop(_ resource: String, steps: [StopStage]) async throws {
    // What is stopped because of a cancellation must not be cancelled itself.
    try Task.checkCancellation()
    note("stop \(resource)")
  }

  package func restart(_ launch: Launch, until deadline: Deadline) async throws {
    note("restart \(launch.spec.name)")
  }

  package func deleteData(_ resource: String) async throws { note("delete \(resource)") }
  package func deleteInstance() async throws { note("delete instance") }
  package func log(_ resource: String, lines: Int) async throws -> [String] {
    [lastWords ?? "\(resource)'s last words"]
  }
  package func isDiskFull(of resource: String) -> Bool { isDiskFull }
  package func follow(
    _ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {}
}
