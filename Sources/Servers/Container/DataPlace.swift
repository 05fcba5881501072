package import DockerEngine
import DrydockBase
package import Engines

/// Where a server in a container keeps its data, and where its volume is mounted for that.
package struct DataPlace: Sendable, Hashable {
  /// The data directory.
  package let directory: String
  /// Where the volume is mounted: images have moved it (PostgreSQL's did with 18), and some keep their data elsewhere.
  package let target: String
  /// Where drydocks mounted it that did not look at the image's variable.
  package let formerTarget: String
  private let usual: String
  private let variable: String?
  private let mark: String?
  private let servedMark: String?

  /// The place in an image; nil for an engine that keeps no data.
  package init?(_ recipe: ContainerRecipe, _ image: ImageInfo) {
    guard let usual = recipe.dataPath else { return nil }
    let former = image.volumes.first { Self.covers($0, usual) || Self.covers(usual, $0) } ?? usual
    let named = recipe.dataVariable.flatMap { Self.path($0, image.environment) }
    directory = named ?? usual
    target = named.map { named in image.volumes.first { Self.covers($0, named) } ?? named } ?? former
    formerTarget = former
    self.usual = usual
    variable = recipe.dataVariable
    mark = recipe.dataMark
    servedMark = recipe.servedMark
  }

  /// A file that is in the data directory once the data was made; nil for an engine that has none such.
  package var markPath: String? { mark.map { "\(directory)/\($0)" } }

  /// The same place in a container, which may be of another image.
  package func markPath(in container: ContainerDetails) -> String? {
    mark.map { "\(directory(of: container))/\($0)" }
  }

  /// A file that is in the data directory of a container whose server runs on it; nil for an engine that has none such.
  package func servedMarkPath(in container: ContainerDetails) -> String? {
    (servedMark ?? mark).map { "\(directory(of: container))/\($0)" }
  }

  /// Whether a container's data lies in this volume, and not in the container itself.
  package func lies(in volume: String, of container: ContainerDetails) -> Bool {
    container.mounts.contains {
      $0.type == "volume" && $0.name == volume && Self.covers($0.target, directory(of: container))
    }
  }

  private func directory(of container: ContainerDetails) -> String {
    variable.flatMap { Self.path($0, container.environment) } ?? usual
  }

  private static func covers(_ folder: String, _ path: String) -> Bool {
    path.isExactly(folder) || path.beginsExactly(with: folder + "/")
  }

  /// The path that a variable holds, without slashes at its end; nil for what is no path from the root on.
  private static func path(_ name: String, _ environment: [String]) -> String? {
    let entries = environment.compactMap { $0.pairExactly(at: "=") }
    guard let text = entries.first(where: { $0.head.isExactly(name) })?.tail else { return nil }
    let parts = text.splitExactly(at: "/")
    guard text.beginsExactly(with: "/"), !parts.isEmpty, !parts.contains("..") else { return nil }
    return "/" + parts.joined(separator: "/")
  }
}
