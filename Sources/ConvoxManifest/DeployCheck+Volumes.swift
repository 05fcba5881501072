import DrydockBase

/// `volumes:` against the resources that are mounted by them.
extension DeployCheck {
  mutating func checkVolumes(of service: Service) {
    for (index, volume) in service.volumes.enumerated() {
      let place = manifest.places[.volume(service: service.name, index)] ?? service.location
      let parsed = ServiceVolume(volume)
      if !parsed.path.beginsExactly(with: "/") {
        fail(
          "volume \(volume) of service \(service.name) has no absolute path in the container",
          at: place,
          "write /path or name:/path")
      } else if parsed.path.contains(":") {
        warn(
          "volume \(volume): Docker knows no mode \(parsed.path.splitExactly(at: ":").last ?? "")", at: place,
          "write name:/path, or name:/path:ro")
      } else if let source = parsed.source, source.beginsExactly(with: "/") {
        checkHostPath(source, volume, at: place)
      } else if let source = parsed.source {
        checkVolumeName(source, of: service, at: place)
        if parsed.isReadOnly, mounted.contains(source) {
          warn("volume \(volume): it is read-only on AWS, and can be written here", at: place)
        }
      }
    }
  }

  private mutating func checkHostPath(_ path: String, _ volume: String, at place: SourceLocation) {
    guard !ServiceVolume.hostPaths.contains(path) else { return }
    warn(
      "volume \(volume): Convox does not mount \(path) of the host; the service gets an empty volume there",
      at: place,
      findings.didYouMean(.warning, path, in: ServiceVolume.hostPaths)
        ?? "host paths: \(ServiceVolume.hostPaths.joined(separator: ", "))")
  }

  private mutating func checkVolumeName(_ name: String, of service: Service, at place: SourceLocation) {
    if mounted.contains(name) {
      guard !service.resources.contains(where: { $0.resource == name }) else { return }
      warn(
        "service \(service.name) mounts \(name) without linking it: it gets a volume of its own on each host, "
          + "not the shared one", at: place, "list \(name) under resources: of the service")
    } else if let longer = service.resources.map(\.resource).first(where: {
      mounted.contains($0) && $0.contains(name)
    }) {
      warn(
        "volume \(name) is a part of the linked resource's name \(longer): a v2 rack mounts neither for it",
        at: place,
        "give the volume another name")
    } else if !findings.isFull(.warning), let near = nearest(to: name, in: mounted.sorted()) {
      warn(
        "volume \(name) is not the resource \(near): it is a volume of its own on each host", at: place,
        "did you mean \(near)?")
    }
  }

  /// A link alone mounts nothing.
  mutating func checkMounts(of service: Service) {
    let names = Set(
      service.volumes.compactMap { $0.firstRange(of: ":/").map { [volume = $0] in volume[..<$0.lowerBound] } }
    )
    for (index, link) in service.resources.enumerated() where mounted.contains(link.resource) {
      guard !names.contains(link.resource[...]) else { continue }
      warn(
        "service \(service.name) links \(link.resource), but no volume names it: nothing is mounted",
        at: manifest.places[.link(service: service.name, index)] ?? service.location,
        "add \(link.resource):/path under volumes: of the service")
    }
  }
}
