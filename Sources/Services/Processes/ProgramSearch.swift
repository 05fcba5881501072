import AppState
import DrydockBase
import Essentials

/// Finds the program of a command, as a shell would.
struct ProgramSearch: Sendable {
  /// The `PATH`.
  let path: String?
  /// The folder in which the command runs.
  let folder: String

  /// The absolute path of a program; nil where there is none.
  func find(_ program: String) -> String? {
    if program.utf8.contains(UInt8(ascii: "/")) {
      let place = URL(filePath: program, relativeTo: URL(filePath: folder, directoryHint: .isDirectory))
      return executable(place.standardizedFileURL.path)
    }
    return SearchPath.folders(path).lazy.compactMap { executable("\($0)/\(program)") }.first
  }

  private func executable(_ place: String) -> String? {
    var info = stat()
    guard stat(place, &info) == 0, info.st_mode & S_IFMT == S_IFREG, access(place, X_OK) == 0 else {
      return nil
    }
    return place
  }
}
