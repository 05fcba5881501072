package import AppState
package import Engines
import Planning

extension Launch {
  /// The launch of a server that exists, for probing and for administration.
  package static func existing(
    _ name: String, _ record: ResourceRecord, _ engine: any ServerEngine, _ state: InstanceState
  ) -> Launch {
    Launch(
      spec: ResourceSpec(name: name, engine: engine, version: record.wantedVersion, options: record.options),
      engine: engine,
      request: ServerRequest(
        marker: state.marker(of: name), port: record.port ?? 0, password: state.resourcePassword,
        administratorPassword: record.administratorPassword, options: record.options,
        security: record.transport?.security),
      source: ServerSource(
        .image("", isLocal: true), version: record.version.flatMap(ServerVersion.init(in:)),
        standIn: record.standIn),
      hasVerifiedData: true)
  }
}
