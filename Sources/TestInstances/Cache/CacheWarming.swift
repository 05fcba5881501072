package import AppState
import ConvoxManifest
import DrydockBase
import Engines
import Essentials
package import MonotonicTime
import NativeProcess
package import Planning
import Servers

/// Makes templates of engines' data before they are needed.
package struct CacheWarming: Sendable {
  private let context: DrydockContext

  /// What came of one.
  package struct Outcome: Sendable, Hashable, Codable {
    /// How it ended.
    package enum Result: String, Sendable, Hashable, Codable {
      /// It was made.
      case made
      /// It was there.
      case present
      /// The server makes its data in no time by itself.
      case unneeded
    }

    /// The resource's type.
    package var type: String
    /// The version of the server that is installed.
    package var version: String
    /// How it ended.
    package var result: Result
    /// What differs from what was asked for; nil when nothing does.
    package var drift: String?
  }

  /// The cache of a context's home.
  package init(context: DrydockContext) { self.context = context }

  /// Makes those that are missing or damaged, side by side, each server's once.
  /// - Parameter specs: The resources; those without a server of drydock's are left out.
  /// - Throws: `DrydockError.unavailable` where an engine is not installed, `.cannotWrite` where the cache keeps none;
  ///   `AggregateError` for several; `CancellationError`.
  package func run(_ specs: [ResourceSpec], until deadline: Deadline) async throws -> [Outcome] {
    let keeper = try context.nativeKeeper()
    try context.home.refuseOthers()
    let wanted = Self.wanted(specs)
    guard !wanted.isEmpty else { return [] }
    await ThrowAwayLeftovers(home: context.home, keeper: keeper).sweep(until: deadline)
    let folder = try await ThrowAwayFolder.make(in: context.home.throwAwayFolders.disk, until: deadline)
    // Whatever becomes of this process, nothing half-made and nobody who makes it is left.
    let folderGuard = try await FolderGuard.start(
      keeper, folder: folder.path, leash: try Leash.toThisProcess(), until: deadline)
    var inside = context
    inside.home = StateHome(throwAway: folder.path, beside: context.home)
    inside.throwAway = ThrowAway(folder: folder.path, folderGuard: folderGuard)
    let results = await outcomes(wanted, try inside.nativeRuntime(folder.id), deadline)
    try await folderGuard.clear()
    try Task.checkCancellation()
    let failures = zip(wanted, results).compactMap { spec, result -> (String, DrydockError)? in
      guard case .failure(let error) = result else { return nil }
      return (spec.name, error)
    }
    guard failures.isEmpty else { throw AggregateError(failures.map { (resource: $0.0, error: $0.1) }) }
    return results.compactMap(\.success)
  }

  /// A resource of a type as it is without any option but its version.
  /// - Throws: `DrydockError` for a type that has no servers.
  package func spec(type: String, version: String?) throws -> ResourceSpec {
    guard let engine = context.catalog.engine(type), engine.server != nil else {
      throw UnknownName.error(
        "type", type, known: context.catalog.engines.compactMap { $0.server?.resourceType.name })
    }
    let rules = engine.resourceType.options
    var options = Dictionary(rules.map { ($0.name, $0.defaultValue ?? "") }) { $1 }.filter {
      !$0.value.isEmpty
    }
    options["version"] = version ?? options["version"]
    return ResourceSpec(name: type, engine: engine, version: options["version"] ?? "", options: options)
  }

  private func outcomes(_ wanted: [ResourceSpec], _ runtime: NativeRuntime, _ deadline: Deadline) async
    -> [Result<Outcome, DrydockError>]
  {
    await concurrently(wanted) { spec in
      do {
        return .success(try await make(spec, runtime, deadline))
      } catch {
        return .failure(DrydockError(error, resource: spec.name))
      }
    }
  }

  private func make(_ spec: ResourceSpec, _ runtime: NativeRuntime, _ deadline: Deadline) async throws
    -> Outcome
  {
    let source = try await runtime.resolve(spec, data: nil, strict: false)
    let isMade = try await runtime.makeTemplate(spec, source, until: deadline)
    return Outcome(
      type: spec.type, version: source.version?.description ?? spec.version,
      result: isMade.map { $0 ? .made : .present } ?? .unneeded, drift: source.drift)
  }

  /// Each type and version once, under a name of its own.
  private static func wanted(_ specs: [ResourceSpec]) -> [ResourceSpec] {
    var seen: Set<String> = []
    return specs.filter {
      $0.engine.server != nil && $0.externalURL == nil && $0.image == nil
        && seen.insert("\($0.type) \($0.version)").inserted
    }.map { spec in
      var spec = spec
      spec.name = "\(spec.type)-\(spec.version)"
      return spec
    }
  }
}
