package import AppState
package import ConvoxManifest
import DrydockBase
import Engines
import Essentials
import MonotonicTime
import NativeProcess
package import Resources

/// A directory and the path at which a service sees it: an efs resource's, or that of a volume of the app's services.
package struct VolumeMount: Sendable, Hashable {
  /// The resource, or what `volumes:` calls the volume.
  package var resource: String
  /// Its directory on this machine.
  package var directory: String
  /// The same as `drydock-mount` takes it.
  var source: String
  /// The path for the service.
  package var path: String

  /// The mount of a volume that is no resource's.
  package init(volume: String, directory: String, path: String) {
    (resource, self.directory, source, self.path) = (volume, directory, directory, path)
  }

  private init(_ directory: SharedDirectory, path: String) {
    (resource, self.directory) = (directory.resource, directory.path)
    (source, self.path) = (directory.mountSource, path)
  }

  /// The mounts of a service: of each efs resource that it links AND lists under `volumes:`. A link alone mounts
  /// nothing, and a volume without the link is an ordinary one, as on AWS.
  /// - Parameter linked: The directories of the efs resources that the service links.
  package static func mounts(of service: Service, linked: [SharedDirectory]) -> [VolumeMount] {
    service.volumes.map(ServiceVolume.init).compactMap { volume in
      guard let source = volume.source, let directory = linked.first(where: { $0.resource == source }) else {
        return nil
      }
      return VolumeMount(directory, path: volume.path)
    }
  }
}

extension VolumeMount {
  /// Where the volume is, for a command whose folder is another than in the image: what it writes beside itself, as its
  /// code does there, does not get into the volume. Nil where it does.
  /// - Parameter folder: The command's folder.
  package func line(in folder: String) -> String? {
    let base = folder.endsExactly(with: "/") ? folder : folder + "/"
    guard let name = path.splitExactly(at: "/").last, !path.beginsExactly(with: base) else { return nil }
    return
      "the volume \(resource) is at \(path) for this command; what it writes to ./\(name) stays in \(base)\(name)"
  }
}

/// The small program that gives a command a mount namespace of its own and becomes it.
package struct MountHelper: Sendable, Hashable {
  private let executable: String

  /// Finds it where drydock's other helper lies.
  /// - Throws: `DrydockError.unavailable`.
  package static func locate(_ context: DrydockContext) throws -> MountHelper {
    do {
      let folder = try Keeper.locate(environment: context.environment).executable
        .splitExactly(at: "/").dropLast()
      let path = "/" + folder.joined(separator: "/") + "/drydock-mount"
      guard Folder.exists(path) else {
        throw DrydockError(
          .unavailable, "drydock-mount, which mounts efs resources, is missing; looked at \(path)",
          suggestion: "install drydock again (make install), or add --no-mounts")
      }
      return MountHelper(executable: path)
    } catch let error as NativeProcessError {
      throw DrydockError(.unavailable, error.message, suggestion: error.suggestion)
    }
  }

  /// Tries whether a folder can be mounted elsewhere; nothing of it shows on the machine.
  /// - Throws: `CancellationError`.
  package func isUsable(_ context: DrydockContext) async throws -> Bool {
    let tool = Tool(
      executable: executable,
      arguments: [
        URL.temporaryDirectory.path(percentEncoded: false), "/drydock-trial", "--", "/bin/sh", "-c",
        "test -d /drydock-trial",
      ],
      environment: cleanEnvironment(inherited: context.environment))
    do {
      _ = try await tool.run(until: .after(.seconds(10)))
      return true
    } catch let error as CancellationError {
      throw error
    } catch {
      return false
    }
  }

  /// The command line that runs a command with the mounts.
  /// - Throws: `DrydockError` for a directory that is not there yet.
  package func wrap(_ command: [String], _ mounts: [VolumeMount]) throws -> [String] {
    for mount in mounts where !Folder.exists(mount.directory) {
      throw DrydockError(
        .failed, "the directory of \(mount.resource) is not there yet", suggestion: "make it: drydock up")
    }
    return [executable] + mounts.flatMap { [$0.source, $0.path] } + ["--"] + command
  }
}
