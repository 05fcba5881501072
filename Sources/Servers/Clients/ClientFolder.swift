package import AppState
import DrydockBase
package import Engines
import Essentials
import LocalFiles
import NativeProcess
import SystemPackage

/// The folder of the state in which the clients of a resource run, with the files that they read.
package struct ClientFolder {
  /// The home that it lies in.
  package let home: StateHome
  /// The instance.
  package let id: String
  /// The resource, by the name of its data.
  package let resource: String

  /// Names the folder; `write(_:)` makes it.
  package init(home: StateHome, id: String, resource: String) {
    self.home = home
    self.id = id
    self.resource = resource
  }

  package var path: String { home.clients(resource, of: id) }

  /// Makes the folder and writes the files of a recipe, for this user alone. They hold passwords and go where they belong:
  /// from the instance's folder on no link is followed.
  /// - Throws: `DrydockError.cannotWrite`, in another user's home too.
  package func write(_ files: [RecipeFile]) throws {
    try home.refuseOthers()
    let parts = path.splitExactly(at: "/")
    do {
      let instance = try DirectoryDescriptor(home.instance(id), followingLink: geteuid() != 0)
      let all = try instance.makingDirectory(parts[parts.count - 2], mode: 0o700)
      let folder = try all.makingDirectory(parts[parts.count - 1], mode: 0o700)
      for file in files {
        let name = file.path.splitExactly(at: "/").last ?? ""
        guard file.path.isExactly("\(path)/\(name)") else {
          throw DrydockError(.internalFault, "\(file.path) is not in \(path)")
        }
        try folder.replace(name, with: Array(file.contents.utf8), mode: mode_t(file.mode), isDurable: false)
      }
    } catch let error as DirectoryError {
      throw DrydockError(
        .cannotWrite, "cannot write in \(path): \(error.reason)",
        suggestion: WriteRemedy.elsewhere(after: error.errno))
    }
  }
}
