import DockerEngine
import DrydockBase
import Foundation
import MonotonicTime

/// Finds what an app left behind: processes, sockets, port reservations, containers, volumes, networks.
///
/// It looks at the machine itself and asks drydock nothing.
struct LeakCheck: Sendable {
  private let root: String
  private let home: URL
  private let ids: [String]

  /// A check for the app; to be made before its clean-up, since it notes what there is.
  init(_ app: AppFixture) {
    root = app.root.path(percentEncoded: false)
    home = app.home
    ids = app.instances
  }

  /// What is left, in words.
  func leaks() async -> [String] {
    await settle()
    return processes().map { "process \($0.id): \($0.command)" } + sockets() + reservations()
      + (await dockerObjects().map { "\($0.kind) \($0.name)" })
  }

  /// An engine that has just been killed takes a moment to be gone.
  private func settle() async {
    try? await eventually("the end of processes", within: .seconds(60)) { processes().isEmpty }
  }

  /// Ends and removes all of it.
  func removeAll() async {
    for process in processes() { kill(process.id, SIGKILL) }
    guard let client = await Self.docker() else { return }
    for object in await dockerObjects() {
      switch object.kind {
      case "container":
        try? await client.removeContainer(object.name, force: true, until: .after(.seconds(30)))
      case "volume": try? await client.removeVolume(object.name, until: .after(.seconds(30)))
      default: try? await client.removeNetwork(object.name, until: .after(.seconds(30)))
      }
    }
  }

  /// Processes that work in the test's folder or name it on their command line.
  private func processes() -> [(id: Int32, command: String)] {
    let own = getpid()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { Int32($0) }.filter { $0 != own }.compactMap { id in
      let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd")
      let command = (KernelFile.text("/proc/\(id)/cmdline") ?? "").replacing("\0", with: " ")
      let isOurs = folder?.hasPrefix(root) == true || command.contains(root)
      return isOurs ? (id, command) : nil
    }
  }

  private func sockets() -> [String] {
    (KernelFile.text("/proc/net/unix") ?? "").split(separator: "\n")
      .filter { $0.contains(root) }.map { "socket \($0.split(separator: " ").last ?? "")" }
  }

  private func reservations() -> [String] {
    let path = home.appending(path: "ports").path(percentEncoded: false)
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).map { "reserved port \($0)" }
  }

  private func dockerObjects() async -> [(kind: String, name: String)] {
    guard let client = await Self.docker() else { return [] }
    var found: [(kind: String, name: String)] = []
    let deadline = Deadline.after(.seconds(60))
    for id in ids {
      let labels = ["dev.drydock.instance": id]
      let containers = (try? await client.listContainers(labels: labels, until: deadline)) ?? []
      found += containers.map { ("container", $0.id) }
      let volumes = (try? await client.listVolumes(labels: labels, until: deadline)) ?? []
      found += volumes.map { ("volume", $0.name) }
      let networks = (try? await client.listNetworks(labels: labels, until: deadline)) ?? []
      found += networks.map { ("network", $0.name) }
    }
    return found
  }

  private static func docker() async -> DockerClient? { await EngineAvailability.docker().client }
}
