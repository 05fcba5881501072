import AppState
import ArgumentParser
import Emulator
import Engines
import Resources

/// `drydock resources info`.
struct ResourceInfo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Show a resource, its password included.",
    discussion: """
      Examples:
        drydock resources info mydb
        drydock resources info memcached-5864 --exports
      """)

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @Flag(help: "Name, status and exports, as convox printed them once.")
  var exports = false

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await asConvox {
      let session = Session(common.shared)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      if common.format == .table, !exports, !target.isCreated {
        return session.console.print(Self.info(target))
      }
      let resource = try await query.lookup.describe(target)
      if common.format == .json { return try session.console.print(json: resource) }
      session.console.print(
        exports ? Self.exports(resource) : Self.info(resource, directory: directory(of: target, session)))
    }
  }

  /// Where an efs resource lies.
  private func directory(of target: ResourceTarget, _ session: Session) -> [String] {
    guard let engine = target.engine, engine.server == nil, !target.state.id.isEmpty else { return [] }
    let directory = SharedDirectory(
      resource: target.state.storage(of: target.name), options: target.record?.options ?? target.options,
      home: session.context.home,
      id: target.state.id)
    return [directory.path]
  }

  /// A resource of an app.
  private static func info(_ target: ResourceTarget) -> String {
    ConvoxColumns.info([
      ("Name", [target.name]), ("Type", [target.type]), ("URL", target.url.map { [$0] } ?? []),
    ])
  }

  /// A resource that was created on its own.
  static func info(_ resource: RackResource, directory: [String]) -> String {
    ConvoxColumns.info([
      ("Name", [resource.name]), ("Type", [resource.type]), ("Status", [resource.status]),
      ("Options", resource.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }),
      ("URL", resource.url.map { [$0] } ?? []), ("Directory", directory),
      ("Apps", resource.apps.isEmpty ? [] : [resource.apps.joined(separator: ", ")]),
    ])
  }

  /// The older layout.
  static func exports(_ resource: RackResource) -> String {
    let head = ConvoxColumns.info([("Name", [resource.name]), ("Status", [resource.status])])
    return head + (resource.url.map { "Exports\n  URL: \($0)\n" } ?? "")
  }
}
