package import ByteStreams
import DrydockBase
package import Engines
import Planning
import Resources
import Servers

/// Turns data of another format into a script while it is loaded, by a tool of the engine's.
package struct ScriptConversion: Sendable {
  private let converter: ScriptConverter
  private let site: TransferSite

  /// - Parameter site: Where the tool runs: beside the server that loads the script.
  package init(_ converter: ScriptConverter, _ site: TransferSite) {
    self.converter = converter
    self.site = site
  }

  /// Has `load` read what becomes of `source`; a tool that fails ends it before the script's end.
  package func run(
    _ source: @escaping ByteSource, _ load: @escaping @Sendable (@escaping ByteSource) async throws -> String?
  ) async throws -> String? {
    try refuseOld()
    let handoff = Handoff()
    async let loaded = Self.loading(handoff, load)
    do {
      let ending = try await site.run(converter.recipe, input: source) { bytes in
        guard await handoff.send(bytes) else { throw CancellationError() }
      }
      guard ending.exitCode == 0 else { throw refused(ending) }
      handoff.end()
    } catch {
      handoff.leave()
      // Where the load ended first, it says why.
      do { _ = try await loaded } catch is CancellationError {}
      throw error
    }
    return try await loaded
  }

  private static func loading(
    _ handoff: Handoff, _ load: @escaping @Sendable (@escaping ByteSource) async throws -> String?
  ) async throws -> String? {
    defer { handoff.leave() }
    return try await load(handoff.take)
  }

  private func refuseOld() throws {
    guard let version = site.server?.launch.source.version, version.major < converter.since else { return }
    throw DrydockError(
      .failed,
      "resource \(site.target.name): the \(converter.recipe.tool) tool of \(version) writes no script to a pipe",
      suggestion: Self.byHand)
  }

  private func refused(_ ending: ClientEnding) -> DrydockError {
    DrydockError(
      .failed, "resource \(site.target.name): the archive cannot be read; nothing was changed",
      suggestion: "\(Self.byHand), with the tools of the version that wrote it or newer ones",
      details: ending.lines)
  }

  private static let byHand = "turn it into SQL: pg_restore -f dump.sql FILE"
}
