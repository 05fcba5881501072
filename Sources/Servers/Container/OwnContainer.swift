package import DockerEngine
package import DrydockBase
import Essentials
package import MonotonicTime

/// The container in which drydock itself runs, where it does.
///
/// Whoever hands the host's Docker socket to a container, as development containers do, has servers that listen on the
/// host's 127.0.0.1; with a network of its own the container has another one, where nobody ever answers.
package struct OwnContainer: Sendable {
  /// What may be its id, best first; none outside of containers.
  package let ids: [String]

  /// By what the kernel says of this process. Only Linux has it to say.
  package static var ofThisProcess: OwnContainer {
    func text(_ name: String) -> String { KernelFile.text("/proc/self/\(name)") ?? "" }
    return OwnContainer(mounts: text("mountinfo"), groups: text("cgroup"))
  }

  /// Of ids that are known already, best first; for tests.
  package init(ids: [String]) { self.ids = ids }

  /// By the content of `/proc/self/mountinfo`, see proc(5): engines mount some files into each container that lie in a
  /// folder named after it. `/proc/self/cgroup` tells it where it shows the host's tree.
  package init(mounts: String, groups: String) {
    let files = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]
    let roots = mounts.splitExactly(at: "\n").compactMap { line -> String? in
      let fields = line.splitExactly(at: " ")
      return fields.count > 4 && files.contains(fields[4]) ? fields[3] : nil
    }
    let found = (roots + [groups]).flatMap { $0.matches(of: /[0-9a-f]{64}/).map { String($0.output) } }
    ids = found.enumerated().filter { found.firstIndex(of: $0.element) == $0.offset }.map(\.element)
  }

  /// The container's name if an engine runs it in another network than the host's; nil where servers are in reach.
  package func outOfReach(of client: DockerClient, until deadline: Deadline) async throws -> String? {
    for id in ids {
      guard let own = try await client.inspectContainer(id, until: deadline) else { continue }
      var mode = own.networkMode
      // The network may be another container's: Docker knows nothing deeper than that.
      if let other = mode.flatMap(Self.sharer) {
        mode = try await client.inspectContainer(other, until: deadline)?.networkMode
      }
      // What the engine does not say is no reason to refuse.
      return mode == nil || mode == "host" ? nil : own.name
    }
    return nil
  }

  private static func sharer(_ mode: String) -> String? {
    mode.beginsExactly(with: "container:") ? String(mode.dropFirst("container:".count)) : nil
  }
}

extension ContainerRuntime {
  package func refuseOutOfReach() async throws {
    guard let name = try await ownContainer.outOfReach(of: client, until: soon) else { return }
    throw OwnContainer.outOfReach(name)
  }
}

extension OwnContainer {
  package static func outOfReach(_ name: String) -> DrydockError {
    DrydockError(
      .unavailable,
      "drydock runs in the container \(name), which has a network of its own: from there nobody reaches servers that "
        + "Docker has at the host's 127.0.0.1",
      suggestion: "run that container with --network host, or use the native runtime: --runtime native")
  }
}
