import AppState
package import ConvoxManifest
import DrydockBase
package import Emulator
import Essentials
import LocalFiles

/// The volumes of services that run as processes: folders of the instance, each of which appears at the paths that
/// `volumes:` gives it. Services that name the same one share it, as they do in containers and on a host of AWS.
package struct FolderVolumes: Sendable {
  /// A volume that is there.
  struct Volume {
    /// What the manifest calls it.
    var name: String
    /// Where its data lies.
    var folder: String
    /// When it was made.
    var createdAt: Date?
  }

  /// What a service finds at its paths.
  package struct Paths: Sendable {
    /// What is mounted.
    package var mounts: [VolumeMount] = []
    /// Paths at which this machine has something of its own, which is not hidden.
    package var occupied: [String] = []
  }

  private let folder: String

  /// The volumes of an instance.
  package init(_ services: ServiceFolder) { folder = "\(services.path)/volumes" }

  /// What a service finds at the paths of its volumes, which are made where they are not there yet. A path of the host
  /// that Convox mounts as it is, is there anyway.
  /// - Parameter shared: The efs directories that are mounted for it.
  /// - Throws: `DrydockError`.
  package func paths(of service: Service, besides shared: [VolumeMount]) throws -> Paths {
    var paths = Paths()
    for volume in service.volumes.map(ServiceVolume.init) where !volume.isOfHost {
      guard !shared.contains(where: { $0.path == volume.path }) else { continue }
      guard !Self.isOccupied(volume.path) else {
        paths.occupied.append(volume.path)
        continue
      }
      let directory = try make(volume.key)
      paths.mounts.append(VolumeMount(volume: volume.key, directory: directory, path: volume.path))
    }
    return paths
  }

  /// Whether something lies there: a system's folder that an empty volume hid would end the program, not serve it.
  static func isOccupied(_ path: String) -> Bool {
    guard Folder.exists(path) else { return false }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    return names.map { !$0.isEmpty } ?? true
  }

  private func make(_ name: String) throws -> String {
    let own = "\(folder)/\(Slug.make(name))"
    try Folder.make("\(own)/data", mode: 0o700)
    // The folder's name may be a shortened one.
    if !Folder.exists("\(own)/name") { try AtomicFile.write(Array(name.utf8), to: "\(own)/name") }
    return "\(own)/data"
  }

  /// Those that are there, by name.
  func list() -> [Volume] {
    let folders = FileManager.default.readableNames(in: folder)
    return folders.compactMap { slug -> Volume? in
      guard let name = try? String(contentsOfFile: "\(folder)/\(slug)/name", encoding: .utf8) else {
        return nil
      }
      let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(slug)/name")
      return Volume(
        name: name, folder: "\(folder)/\(slug)/data", createdAt: attributes?[.modificationDate] as? Date)
    }.sorted { $0.name < $1.name }
  }

  /// Removes one with its data.
  /// - Throws: `DrydockError`.
  func remove(_ name: String) async throws { try await Folder.removeTree("\(folder)/\(Slug.make(name))") }
}
