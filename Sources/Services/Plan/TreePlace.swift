package import AppState
package import ConvoxManifest
import DrydockBase
package import Emulator
import Essentials
import ImageBuilds

/// Where a service's image has the app's files, by the one `COPY . DEST` of its Dockerfile. A process finds them there too
/// where what it is given names that path: `CMD ["python", "/app/web.py"]`.
package struct TreePlace: Sendable, Hashable {
  /// What is not for anybody's files, and may not be put together anew.
  private static let kernelFolders: Set<String> = ["dev", "proc", "run", "sys"]

  /// The folder on this machine.
  package let folder: String
  /// The path in the image: absolute, not the root, without a slash at its end.
  package let path: String

  /// A place.
  init(folder: String, path: String) {
    self.folder = folder
    self.path = path
  }

  /// A service's; nil where its Dockerfile says none, or that is where the files lie here.
  package init?(of service: Service, in workspace: Workspace) {
    let look = ServiceLook(workspace: workspace, path: nil, runtime: nil)
    guard let path = look.stage(of: service)?.treeDestination, path != "/" else { return nil }
    self.init(folder: look.folder(of: service), path: path)
    guard Self.real(path) != Self.real(folder) else { return nil }
  }

  private static func real(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// Whether one of these texts, words of a command or values of variables, names the path or something below it.
  package func isNamed(by texts: [String]) -> Bool { texts.contains(where: isNamed) }

  private func isNamed(by text: String) -> Bool {
    let text = Array(text.utf8)
    let path = Array(path.utf8)
    var rest = text[...]
    while let range = rest.firstRange(of: path) {
      let after = text[range.upperBound...].first
      let isWhole = after.map { $0 != UInt8(ascii: "/") && Self.isOfName($0) } != true
      if isWhole, Self.beginsPath(after: text[..<range.lowerBound]) { return true }
      rest = text[range.upperBound...]
    }
    return false
  }

  /// Whether an absolute path may begin behind these bytes. In `file:///app` one does, in `http://app` a host's name.
  private static func beginsPath(after bytes: ArraySlice<UInt8>) -> Bool {
    bytes.last.map(isOfName) != true || bytes.suffix(2).elementsEqual("//".utf8)
  }

  /// Whether a byte belongs to the name that is next to it, so that `/srv/app` does not name `/app`, nor does `/apps`.
  private static func isOfName(_ byte: UInt8) -> Bool {
    byte >= 0x80 || "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./~".utf8.contains(byte)
  }

  /// Where the file of a path in the image lies here; the path itself where that is elsewhere.
  func onThisMachine(_ file: String) -> String {
    file.beginsExactly(with: path + "/") ? folder + file.dropFirst(path.count) : file
  }

  /// Why the files cannot be seen there, for people; nil where they can.
  /// - Parameter mounts: What is mounted besides.
  package func obstacle(besides mounts: [VolumeMount]) -> String? {
    let roots = [path, above].compactMap { $0?.splitExactly(at: "/").first }
    guard !roots.contains(where: Self.kernelFolders.contains) else {
      return "the app's folder is not put to \(path), which is the system's"
    }
    guard !FolderVolumes.isOccupied(path) else {
      return "this machine's own \(path) is not hidden by the app's folder"
    }
    if mounts.contains(where: { $0.path == path }) {
      return "a volume is at \(path), and the app's folder is not"
    }
    for mount in mounts where mount.path.beginsExactly(with: path + "/") {
      var info = stat()
      let place = onThisMachine(mount.path)
      // Else its folder would have to be made in the user's tree.
      guard stat(place, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
        return
          "the app's folder is not at \(path), as the volume at \(mount.path) needs a folder there: mkdir \(place)"
      }
    }
    guard let above, access(above, R_OK | X_OK) == 0 else {
      return "the app's folder is not put to \(path): what is above that may not be read"
    }
    return Folder.exists(path) || !isWrittenTo(above)
      ? nil
      : "the app's folder is not put to \(path): what the process makes in \(above) beside it would be lost"
  }

  /// The nearest folder above the path that is there, without links: it is put together anew around the path.
  private var above: String? {
    Folder.upward(from: path).first { access($0, F_OK) == 0 }.flatMap(Self.real)
  }

  /// Whether a process makes files in a folder that lies above the path: its home, one for everybody, one of the user's own.
  private func isWrittenTo(_ folder: String) -> Bool {
    var info = stat()
    guard stat(folder, &info) == 0 else { return true }
    let isShared = info.st_mode & S_ISVTX != 0
    return isShared || folder == Self.real(URL.homeDirectory.path)
      || (geteuid() != 0 && access(folder, W_OK) == 0)
  }

  /// The mount by which they are seen there.
  package var mount: VolumeMount { VolumeMount(volume: "the app's folder", directory: folder, path: path) }
}
