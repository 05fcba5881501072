import AppState
import ArgumentParser
import Services
import TerminalProgress

/// `drydock volumes list`.
struct ListVolumes: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the volumes, with the services that mount them and where they are.",
    discussion: """
      Examples:
        drydock volumes list
        drydock volumes list --format json
      """)

  @OptionGroup var lines: WideOption

  @OptionGroup var common: CommonOptions

  static let steps: [TableStep] = [
    .cutFront("FOLDER", least: 24), .cutFront("IN DOCKER", least: 24), .wrap("SERVICES", least: 12),
    .cutFront("FOLDER", least: 12), .cutFront("IN DOCKER", least: 12), .cutMiddle("VOLUME", least: 12),
  ]

  func run() async throws {
    let session = Session(common.shared)
    let volumes = try await session.volumes()?.list() ?? []
    if common.format == .json { return try session.console.print(json: volumes) }
    guard !volumes.isEmpty else { return session.console.note("no service has a volume here yet") }
    let rows = volumes.map { volume in
      [
        volume.name, volume.services.isEmpty ? "-" : volume.services.joined(separator: ", "),
        volume.bytes.map({ Figures.bytes(Int($0)) }) ?? "-", volume.volume ?? "-", volume.folder ?? "-",
      ]
    }
    session.console.print(
      Table(header: ["VOLUME", "SERVICES", "SIZE", "IN DOCKER", "FOLDER"], rows: rows), Self.steps, lines)
  }
}

extension Session {
  /// The volumes of the app's services; nil for an app that never ran here.
  func volumes() throws -> AppVolumes? {
    guard let state = try existingInstance() else { return nil }
    let manifest = try workspaceOfInstanceIfPresent().map { try self.manifest($0, state) }
    return AppVolumes(context: context, instance: state, manifest: manifest)
  }
}
