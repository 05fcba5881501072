import Containers
import DockerEngine
import DrydockBase
import Engines
import Planning

/// The version of the server in an image.
///
/// What an image says of it, in a variable or a label, is believed where nothing hangs on it. An image that was made from
/// another, with a newer server put in, says what that one said; so data is entrusted to the server's own word only.
struct ImageVersion: Sendable {
  let runtime: ContainerRuntime
  let spec: ResourceSpec
  let engine: any ServerEngine

  /// - Parameter data: The version of the server that made the data; nil where there is none.
  /// - Returns: Nil where neither the image nor its server says it.
  func find(_ image: ImageInfo, data: ServerVersion?) async throws -> ServerVersion? {
    let word = ImageChooser.version(of: image, engine)
    if word != nil, data == nil { return word }
    if let word, let data, try await hasServed(image) {
      return engine.canServe(data: data, with: word) ? word : data
    }
    do {
      return try await ask(image) ?? word
    } catch let error as DockerError {
      // An image need not have a shell.
      guard let word else { throw error }
      return word
    }
  }

  /// Whether the container that is there was made from it.
  private func hasServed(_ image: ImageInfo) async throws -> Bool {
    let container = try await runtime.client.inspectContainer(
      runtime.names.container(spec.name), until: runtime.soon)
    return container?.imageID == image.id
  }

  /// What the server in an image answers to `--version`; nil where the image has no such server.
  private func ask(_ image: ImageInfo) async throws -> ServerVersion? {
    let search = engine.nativeSearch.servers.map { "command -v \($0)" }.joined(separator: " || ")
    var config = ContainerConfig(
      image: image.id, command: ["server=$(\(search)) && exec \"$server\" --version"])
    config.entrypoint = ["sh", "-c"]
    config.labels = runtime.names.labels
    let name = runtime.names.container(spec.name) + "-version"
    let ending = try await runtime.containers.runOnce(
      name, config, platform: runtime.platform, until: runtime.soon)
    return ending.status == 0 ? ServerVersion(in: ending.words) : nil
  }
}
