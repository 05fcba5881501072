import AppState
import ConvoxEnvironment
import DrydockBase
import Emulator
import Essentials
import LocalFiles
import LocalServer
import Planning
import Services

/// A build from its beginning to its end, after whoever asked for it has been answered.
struct AppBuilding: Sendable {
  let rack: Rack
  let state: InstanceState
  let build: AppBuild
  let output: BuildOutput
  let ignoresCache: Bool
  /// `KEY=VALUE` after `KEY=VALUE`, with commas between; nil for none.
  let arguments: String?

  private var store: BuildStore { rack.buildStore(state) }

  /// Builds, and makes a release of it. Whatever happens the record says what came of it, and then the log ends.
  /// - Returns: The build when it is over.
  @discardableResult
  func run() async -> AppBuild {
    var build = build
    do {
      let history = try await rack.context.store.releases(of: state.id)
      let environment = history.releases.first?.environment ?? state.appEnvironment
      build.manifest = try await carryOut(environment)
      let release = try await rack.context.store.createRelease(
        state.id, environment: environment, description: build.description, build: build.id)
      build.release = release.id
      build.status = .complete
    } catch {
      let failure = HTTPFailure(error)
      build.status = .failed
      build.reason = failure.message
      output.write("ERROR: \(failure.message)\n")
      rack.log.note("\(state.handle): build \(build.id): \(failure.message)")
    }
    build.ended = Date()
    await keep(build)
    return build
  }

  private func keep(_ build: AppBuild) async {
    defer {
      rack.builds.end(build.id)
      output.finish()
    }
    do {
      // An app that was deleted meanwhile is not to come back as a folder.
      guard try rack.context.store.load(state.id) != nil else { return }
      try await store.save(build)
      // Where that is not known, none is too old: a release in force may need it.
      let kept = try await rack.context.store.releases(of: state.id).releases.compactMap(\.build)
      try await store.prune(keeping: Set(kept))
    } catch {
      rack.log.note("\(state.handle): build \(build.id): \(DrydockError(error).message)")
    }
  }

  /// - Returns: The manifest's text.
  private func carryOut(_ environment: [String: String]) async throws -> String {
    let source = try await rack.source(of: build, state)
    do {
      output.write(
        source.isCopy ? "Building: the uploaded source\n" : "Building: \(source.folder), where the app lies\n"
      )
      let workspace = try source.workspace(build.manifestName)
      let manifest = try BoundedFile.read(workspace.manifestPath, limit: 1 << 20)
      var values = environment
      for (name, value) in Self.pairs(arguments ?? "") { values[name] = value }
      try await AppBuildOperation(
        context: rack.context, workspace: workspace, instance: state, environment: values,
        choice: try rack.runtimeChoice(state), ignoresCache: ignoresCache,
        say: output.write
      ).run()
      try await source.remove()
      return String(decoding: manifest, as: UTF8.self)
    } catch {
      // The build's own error counts; what stays goes with the rack's next start.
      try? await source.remove()
      throw error
    }
  }

  private static func pairs(_ text: String) -> [(String, String)] {
    text.split(separator: ",").compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
  }
}
