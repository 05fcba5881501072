import AppState
import ConvoxManifest
import DrydockBase

/// What is decided for services once, and kept.
extension ServicePreparation {
  /// Decides what has no decision yet: published ports, also of the services that these link, as where a link leads does
  /// not depend on what is started; and the number of replicas at the first start.
  func decide(
    _ services: [Service], reached: [Service], _ settings: DrydockSettings
  ) async throws -> ServiceRecords {
    let ports = ServicePorts(home: context.home, id: id)
    return try await ServiceStore(folder).update { records in
      for service in services {
        var record = records.services[service.name] ?? ServiceRecord()
        record.port =
          try service.port == nil ? nil : ports.published(service.name, wanted: settings.ports[service.name])
        record.securePort =
          try options.speaksTLS && service.port?.scheme == .http
          ? ports.secure(service.name) : service.port?.scheme == .http ? record.securePort : nil
        let further = try service.furtherPorts.map {
          let wanted = settings.furtherPorts[service.name]?[$0]
          return ($0, try ports.published(service.name, further: $0, wanted: wanted))
        }
        record.ports = further.isEmpty ? nil : Dictionary(further) { first, _ in first }
        record.count = try record.count ?? Self.count(of: service)
        records.services[service.name] = record
      }
      for service in reached where service.port != nil && records.services[service.name]?.port == nil {
        records.services[service.name, default: ServiceRecord()].port = try ports.published(
          service.name, wanted: settings.ports[service.name])
        guard options.speaksTLS, service.port?.scheme == .http else { continue }
        records.services[service.name]?.securePort = try ports.secure(service.name)
      }
      return records
    }
  }

  /// The number of replicas that the manifest wants.
  private static func count(of service: Service) throws -> Int {
    let count = service.scaling.count.min
    guard let problem = ServiceSpec.problem(withCount: count) else { return count }
    throw count < 0
      ? DrydockError(
        .manifestInvalid, "\(service.location): \(service.name): \(problem)",
        suggestion: "0 is for a service that is not started")
      : DrydockError(
        .manifestInvalid, "\(service.location): \(problem)",
        suggestion: "write fewer, or: drydock scale \(service.name)=1")
  }
}
