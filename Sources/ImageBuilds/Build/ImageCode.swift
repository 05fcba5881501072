import DockerEngine
import DrydockBase

/// What of an app's folder an image holds, and where.
package struct ImageCode: Sendable {
  /// What the build is sent.
  package let context: BuildContext
  /// What the stage that runs makes of it.
  package let stage: RunningStage

  /// An image's code.
  package init(context: BuildContext, stage: RunningStage) {
    self.context = context
    self.stage = stage
  }
}

extension ImageBuilder {
  /// What an image that is built from a source holds of the app's folder.
  /// - Throws: As `build`, for files that are wrong; `DockerError`.
  package func code(of source: ImageSource) async throws -> ImageCode {
    let context = try BuildContext(app: app, path: source.path, manifest: source.manifest)
    let file = context.dockerfile
    let arguments = file.buildArguments(from: environment, written: source.arguments)
    let name = try file.baseImage(development: isDevelopment, arguments: arguments)
    var base = BaseImage()
    if name != "scratch", let image = try await client.inspectImage(name, until: Self.soon) {
      let pairs = image.environment.compactMap { $0.pairExactly(at: "=") }
      base.environment = Dictionary(pairs.map { ($0.head, $0.tail) }) { $1 }
      base.workingDirectory = image.workingDirectory
    }
    return ImageCode(
      context: context,
      stage: try file.running(development: isDevelopment, arguments: arguments, base: base))
  }
}
