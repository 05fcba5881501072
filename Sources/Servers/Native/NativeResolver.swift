import DrydockBase
package import Engines
package import Planning

/// Chooses the installation that serves a resource.
package struct NativeResolver: Sendable {
  package let installations: [NativeInstallation]

  /// The best installation for what is wanted and for the data that exists.
  /// - Throws: `.unavailable` when none can be had, `.dataMismatch` when only another series could be.
  package func choose(_ spec: ResourceSpec, _ engine: any ServerEngine, data: ServerVersion?, strict: Bool)
    throws
    -> ServerSource
  {
    guard !installations.isEmpty else { throw notInstalled(spec, engine) }
    let wanted = ServerVersion(in: spec.version)
    let able = installations.filter { installation in
      data.map { engine.canServe(data: $0, with: installation.version) } ?? true
    }
    guard let chosen = best(able, wanted, engine) else {
      throw dataNeeds(spec, engine, data)
    }
    let source = describe(chosen, spec, engine)
    if strict, let drift = source.drift {
      throw DrydockError(
        .unavailable, "resource \(spec.name): \(drift)",
        suggestion:
          "install \(spec.product) \(spec.version), use --runtime docker, or leave --strict-version out")
    }
    return source
  }

  /// The engine itself before any stand-in, then the best version.
  private func best(
    _ candidates: [NativeInstallation], _ wanted: ServerVersion?, _ engine: any ServerEngine
  ) -> NativeInstallation? {
    let own = candidates.filter { engine.accepts($0) == .itself }
    let pool = own.isEmpty ? candidates : own
    guard let wanted else { return pool.max { $0.version < $1.version } }
    return pool.best(for: wanted) { $0.version }
  }

  private func describe(
    _ chosen: NativeInstallation, _ spec: ResourceSpec, _ engine: any ServerEngine
  ) -> ServerSource {
    if case .standIn(let name) = engine.accepts(chosen) {
      return ServerSource(
        .installation(chosen), version: chosen.version, standIn: name,
        drift: "\(name) \(chosen.version) stands in for \(spec.product) \(spec.version)")
    }
    let drift =
      Drift.fits(chosen.version, spec.version)
      ? nil : "\(spec.product) \(spec.version) is wanted, \(chosen.version) is what is installed"
    return ServerSource(.installation(chosen), version: chosen.version, drift: drift)
  }

  private func notInstalled(_ spec: ResourceSpec, _ engine: any ServerEngine) -> DrydockError {
    DrydockError(
      .unavailable, "resource \(spec.name): \(spec.product) is not installed on this machine",
      suggestion: "\(engine.nativeSearch.remedy(from: .ofThisMachine)), or start Docker")
  }

  private func dataNeeds(_ spec: ResourceSpec, _ engine: any ServerEngine, _ data: ServerVersion?)
    -> DrydockError
  {
    let series = data.map { engine.versions.series(of: $0) } ?? "?"
    return DrydockError(
      .dataMismatch,
      "resource \(spec.name): its data was made by \(spec.product) \(data?.description ?? "?"), and no \(series) is installed",
      suggestion: "install \(spec.product) \(series), or start fresh: drydock down \(spec.name) --delete-data"
    )
  }
}
