package import DockerEngine
import DrydockBase
package import Engines
package import MonotonicTime
package import Planning

/// Chooses the image that runs a resource: the manifest's, else the environment's, else a local one that is
/// labelled with engine and version, else the official one.
package struct ImageChooser: Sendable {
  package let client: DockerClient
  package let environment: [String: String]
  package let deadline: Deadline
  /// The version of the server in an image, by its own word where what the image says would keep it from the data.
  package let version:
    @Sendable (_ image: ImageInfo, _ spec: ResourceSpec, _ data: ServerVersion?) async throws ->
      ServerVersion?

  /// An image that could serve, and what it says of its version.
  private struct Candidate {
    var reference: String
    var version: ServerVersion?
    var isLocal: Bool
    var note: String?
    var standIn: String?
  }

  package func choose(
    _ spec: ResourceSpec, _ engine: any ServerEngine, data: ServerVersion?, strict: Bool
  ) async throws -> ServerSource {
    if let named = Self.named(spec, environment) {
      let source = try await explicit(named, spec, engine, data)
      try Self.refuse(data: data, of: spec, engine, with: source.version, in: named)
      return source
    }
    let wanted = ServerVersion(in: spec.version)
    let labelled = try await labelledImages(engine.product)
    let official = try await officialImage(spec, engine)
    var candidates = order(labelled, official, wanted: data ?? wanted, strict: strict)
    if !strict, let last = candidates.last, !last.isLocal, let understudy = engine.understudy {
      candidates.insert(
        contentsOf: try await standIns(understudy, wanted: data ?? wanted), at: candidates.count - 1)
    }
    guard let chosen = try await serving(data, candidates, spec, engine) else {
      throw dataNeeds(spec, engine, data)
    }
    return ServerSource(
      .image(chosen.reference, isLocal: chosen.isLocal), version: chosen.version, standIn: chosen.standIn,
      drift: chosen.note ?? Self.drift(of: chosen.version, chosen.standIn, in: chosen.reference, spec))
  }

  /// The image that the manifest names, or else the environment.
  package static func named(_ spec: ResourceSpec, _ environment: [String: String]) -> String? {
    let name = spec.image ?? environment["DRYDOCK_IMAGE_\(spec.product.uppercased())"]
    return name?.isEmpty == false ? name : nil
  }

  /// Local images of another engine that do where none of the wanted one is here, best first.
  private func standIns(_ understudy: any ServerEngine, wanted: ServerVersion?) async throws -> [Candidate] {
    let able = try await labelledImages(understudy.product).filter {
      $0.version.map(understudy.standsIn) == true
    }
    let best = wanted.flatMap { wanted in able.best(for: wanted) { $0.version } } ?? able.first
    return ([best].compactMap(\.self) + able).map { candidate in
      var candidate = candidate
      candidate.standIn = understudy.product
      return candidate
    }
  }

  /// A fitting labelled image, a local official one, another labelled one, and at last the official one to pull.
  private func order(
    _ labelled: [Candidate], _ official: Candidate, wanted: ServerVersion?, strict: Bool
  ) -> [Candidate] {
    guard let wanted else { return labelled + [official] }
    let fitting = labelled.filter { $0.version?.satisfies(wanted) == true }
    let others = labelled.filter { $0.version?.satisfies(wanted) != true }
    let nearest = others.best(for: wanted) { $0.version }.map { [$0] } ?? []
    let rest = strict || official.isLocal ? [] : nearest + others
    return fitting + (official.isLocal ? [official] + (strict ? [] : nearest + others) : rest + [official])
  }

  private static let ownRepositories = "drydock/"

  /// The first that can serve the data: as it says itself, else as its server does.
  private func serving(
    _ data: ServerVersion?, _ candidates: [Candidate], _ spec: ResourceSpec, _ engine: any ServerEngine
  ) async throws -> Candidate? {
    func serves(_ version: ServerVersion?) -> Bool {
      guard let data, let version else { return true }
      return engine.canServe(data: data, with: version)
    }
    if let found = candidates.first(where: { serves($0.version) }) { return found }
    for var candidate in candidates where candidate.isLocal && candidate.standIn == nil {
      guard let image = try await client.inspectImage(candidate.reference, until: deadline) else { continue }
      candidate.version = try await version(image, spec, data)
      if serves(candidate.version) { return candidate }
    }
    return nil
  }

  private func explicit(
    _ reference: String, _ spec: ResourceSpec, _ engine: any ServerEngine, _ data: ServerVersion?
  ) async throws -> ServerSource {
    let info = try await client.inspectImage(reference, until: deadline)
    let other = info.flatMap { Self.kin(in: $0, of: engine) }
    var found = info.flatMap { Self.version(of: $0, other ?? engine) }
    if let info, let word = found, let data, !engine.canServe(data: data, with: word) {
      found = try await version(info, spec, data)
    }
    return ServerSource(
      .image(reference, isLocal: info != nil), version: found, standIn: other?.product,
      drift: Self.drift(of: found, other?.product, in: reference, spec))
  }

  /// The engine that an image holds, by its own word, where that is not the wanted one but speaks its protocol.
  static func kin(in image: ImageInfo, of engine: any ServerEngine) -> (any ServerEngine)? {
    let label = image.labels[ResourceNames.engineLabel] ?? ""
    return engine.kin.first { other in
      if !label.isEmpty { return label == other.product }
      return image.variable(engine.versions.imageVariable) == nil
        && image.variable(other.versions.imageVariable) != nil
    }
  }

  /// Images built by docker/, recognised by their labels and names: whatever is built from one of them has its labels too,
  /// and is for whoever names it.
  private func labelledImages(_ type: String) async throws -> [Candidate] {
    try await client.listImages(labels: [ResourceNames.engineLabel: type], until: deadline).compactMap {
      image in
      guard let version = image.labels[ResourceNames.versionLabel].flatMap(ServerVersion.init(in:)),
        let name = image.repoTags.filter({ $0.hasPrefix(Self.ownRepositories) }).min()
      else { return nil }
      return Candidate(reference: name, version: version, isLocal: true)
    }
  }

  /// The official image of a version, by the mirror where one is named, and a note where it is another version's.
  package static func official(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ environment: [String: String]
  ) -> VersionTable.OfficialImage {
    mirrored(engine.versions.officialImage(for: spec.version), environment)
  }

  /// What else may be pulled where the registry does not have the official image of a version: the nearest first.
  package static func others(
    _ spec: ResourceSpec, _ engine: any ServerEngine, _ environment: [String: String]
  ) -> [VersionTable.OfficialImage] {
    engine.versions.otherImages(for: spec.version).map { mirrored($0, environment) }
  }

  private static func mirrored(_ image: VersionTable.OfficialImage, _ environment: [String: String])
    -> VersionTable.OfficialImage
  {
    let mirror = environment["DRYDOCK_REGISTRY"].flatMap { $0.isEmpty ? nil : $0 }
    return (mirror.map { "\($0)/\(image.reference)" } ?? image.reference, image.note)
  }

  private func officialImage(_ spec: ResourceSpec, _ engine: any ServerEngine) async throws -> Candidate {
    let (name, note) = Self.official(spec, engine, environment)
    let info = try await client.inspectImage(name, until: deadline)
    let tag = name.split(separator: ":").last.map(String.init) ?? ""
    return Candidate(
      reference: name, version: info.flatMap { Self.version(of: $0, engine) } ?? ServerVersion(in: tag),
      isLocal: info != nil, note: note)
  }

  /// The version of the server in an image: drydock's label, else what the official images put in a variable.
  package static func version(of image: ImageInfo, _ engine: any ServerEngine) -> ServerVersion? {
    let words = [image.labels[ResourceNames.versionLabel], image.variable(engine.versions.imageVariable)]
    return words.lazy.compactMap { $0.flatMap(ServerVersion.init(in:)) }.first
  }

  /// How an image differs from what is wanted; nil where it does not, or does not say.
  static func drift(
    of version: ServerVersion?, _ standIn: String?, in reference: String, _ spec: ResourceSpec
  ) -> String? {
    guard let version else { return nil }
    if let standIn { return "\(standIn) \(version) stands in for \(spec.product) \(spec.version)" }
    guard !Drift.fits(version, spec.version) else { return nil }
    return "\(spec.product) \(spec.version) is wanted, \(version) is in the image \(reference)"
  }

  /// Refuses data that the server in an image cannot serve.
  package static func refuse(
    data: ServerVersion?, of spec: ResourceSpec, _ engine: any ServerEngine, with version: ServerVersion?,
    in image: String
  ) throws {
    guard let data, let version, !engine.canServe(data: data, with: version) else { return }
    throw DrydockError(
      .dataMismatch,
      "resource \(spec.name): its data was made by \(spec.product) \(data), and the image \(image) holds \(version)",
      suggestion: "name another image, or start fresh: drydock down \(spec.name) --delete-data")
  }

  /// Refuses another version than the wanted one.
  package static func refuseDrift(of source: ServerSource, _ spec: ResourceSpec) throws {
    guard let drift = source.drift else { return }
    throw DrydockError(
      .unavailable, "resource \(spec.name): \(drift)",
      suggestion:
        "name an image by DRYDOCK_IMAGE_\(spec.product.uppercased()), or leave --strict-version out")
  }

  private func dataNeeds(_ spec: ResourceSpec, _ engine: any ServerEngine, _ data: ServerVersion?)
    -> DrydockError
  {
    DrydockError(
      .dataMismatch,
      "resource \(spec.name): its data was made by \(spec.product) \(data?.description ?? "?"), and no image of it can be had",
      suggestion: "name one by DRYDOCK_IMAGE_\(spec.product.uppercased()), or start fresh: "
        + "drydock down \(spec.name) --delete-data")
  }
}
