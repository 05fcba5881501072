import DrydockBase
import Engines
import Planning
import Servers

/// A runtime that was chosen, with what runs each resource.
struct RuntimeSelection: Sendable {
  var runtime: any Runtime
  var reason: String
  var sources: [String: ServerSource]
}

/// Chooses where an instance without data runs, for the whole of it at once.
struct RuntimeSelector: Sendable {
  /// Connects to a Docker engine.
  /// - Throws: `DrydockError.unavailable` saying why none answers.
  let docker: @Sendable () async throws -> any Runtime
  let native: any Runtime
  let isOffline: Bool
  let isStrict: Bool

  func choose(_ choice: RuntimeChoice, _ specs: [ResourceSpec]) async throws -> RuntimeSelection {
    let servers = specs.filter { $0.engine.server != nil && $0.externalURL == nil }
    switch choice {
    case .native:
      return RuntimeSelection(
        runtime: native, reason: "asked for", sources: try await sources(servers, on: native, data: [:]))
    case .docker:
      let runtime = try await docker()
      let sources = try await sources(servers, on: runtime, data: [:])
      try refuseFetching(sources, servers)
      return RuntimeSelection(runtime: runtime, reason: "asked for", sources: sources)
    case .auto:
      return try await automatic(servers)
    }
  }

  private func automatic(_ servers: [ResourceSpec]) async throws -> RuntimeSelection {
    if servers.isEmpty { return RuntimeSelection(runtime: native, reason: "nothing to run", sources: [:]) }
    let containers = await Result.of { () async throws -> RuntimeSelection in
      let runtime = try await docker()
      return RuntimeSelection(
        runtime: runtime, reason: "Docker answers and every image is there",
        sources: try await sources(servers, on: runtime, data: [:]))
    }
    if case .failure(let error as DrydockError) = containers, error.isShortage { throw error }
    if case .success(let selection) = containers, selection.sources.values.allSatisfy(\.isLocal) {
      return selection
    }
    let processes = await Result.of { () async throws -> RuntimeSelection in
      RuntimeSelection(
        runtime: native, reason: "every engine is installed",
        sources: try await sources(servers, on: native, data: [:]))
    }
    if case .success(let selection) = processes { return selection }
    if case .failure(let error as DrydockError) = processes, error.isShortage { throw error }
    switch (containers, processes) {
    case (.success(var selection), .failure):
      try refuseFetching(selection.sources, servers)
      selection.reason = "Docker answers; images have to be pulled"
      return selection
    case (.failure(let noDocker), .failure(let noNative)):
      throw unavailable(noDocker, noNative)
    case (_, .success(let selection)):
      return selection
    }
  }

  /// What runs each of these resources; every failure is reported at once.
  func sources(
    _ specs: [ResourceSpec], on runtime: any Runtime, data: [String: ServerVersion]
  ) async throws -> [String: ServerSource] {
    let results = await concurrently(specs) { [isStrict] spec in
      await Result.of { try await runtime.resolve(spec, data: data[spec.name], strict: isStrict) }
    }
    let pairs = Array(zip(specs.map(\.name), results))
    let failures = pairs.compactMap { name, result -> (String, DrydockError)? in
      guard case .failure(let error) = result else { return nil }
      return (name, DrydockError(error, resource: name))
    }
    // The same shortage for all is said once.
    if let shortage = failures.first(where: { $0.1.isShortage }) { throw shortage.1 }
    if !failures.isEmpty { throw AggregateError(failures) }
    return Dictionary(pairs.compactMap { name, result in result.success.map { (name, $0) } }) { $1 }
  }

  /// Offline, everything that would have to be fetched is an error that lists it.
  func refuseFetching(_ sources: [String: ServerSource], _ specs: [ResourceSpec]) throws {
    guard isOffline else { return }
    let missing = specs.compactMap { spec -> String? in
      guard case .image(let image, false) = sources[spec.name]?.origin else { return nil }
      return "\(spec.name): the image \(image)"
    }
    guard !missing.isEmpty else { return }
    throw DrydockError(
      .unavailable, "offline, and not on this machine:",
      suggestion: "pull them while online, or use --runtime native", details: missing)
  }

  private func unavailable(_ noDocker: any Error, _ noNative: any Error) -> DrydockError {
    func lines(_ error: any Error) -> [String] {
      if let aggregate = error as? AggregateError { return aggregate.failures.map(\.error.message) }
      return [DrydockError(error).message]
    }
    return DrydockError(
      .unavailable, "no engine can be had for this app",
      suggestion: (noNative as? AggregateError)?.failures.first?.error.suggestion
        ?? "install the engines, or start Docker; drydock doctor says more",
      details: lines(noDocker) + lines(noNative))
  }
}

extension Result where Failure == any Error {
  /// The result of something asynchronous that may throw.
  static func of(_ operation: () async throws -> Success) async -> Self {
    do { return .success(try await operation()) } catch { return .failure(error) }
  }
}
