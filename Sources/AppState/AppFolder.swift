import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// The app's own folder: where its convox.yml lies, and the `.drydock` folder that drydock keeps in it.
package struct AppFolder: Sendable, Hashable {
  /// The folder's real path.
  package let path: String

  /// The folder at a path, links resolved.
  package init(_ path: String) {
    self.path = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// `.drydock` in the folder.
  package var drydock: String { "\(path)/.drydock" }

  /// The id that the folder carries; nil when it never had an instance, and where none can be read.
  package var id: String? { try? mark()?.id }

  /// A text file in `.drydock`; nil where there is none.
  /// - Throws: `DrydockError.cannotWrite` for what is no file of drydock's own.
  package func content(of name: String) throws -> String? {
    try OwnFiles(existingIn: self)?.read(name).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Writes whose the folder is, and a .gitignore that keeps `.drydock` out of commits.
  package func write(_ mark: FolderMark, in file: String = AppFolder.markFile) throws {
    try prepare().write(Array(mark.text.utf8), to: file, mode: 0o600)
  }

  /// Makes `.drydock` with a .gitignore of its own.
  @discardableResult
  package func prepare() throws -> OwnFiles {
    let files = try OwnFiles(madeIn: self)
    try files.write(Array("*\n".utf8), to: ".gitignore", mode: 0o644)
    return files
  }

  /// The app's name: the file `.convox/app`, else the folder's name.
  package var appName: String {
    if let named = nameInFile, !named.isEmpty {
      // A name becomes part of variables and messages.
      let isPlain = named.utf8.count <= 255 && !named.unicodeScalars.contains(where: Self.isUnprintable)
      return isPlain ? named : Slug.make(named)
    }
    return folderName
  }

  /// The folder's own name, which the user chose, as an app may be called.
  package var folderName: String {
    let name = URL(filePath: path).lastPathComponent
    // Convox takes no other names; a folder may have any.
    return name == "/" || name.isEmpty ? "app" : Slug.make(name)
  }

  /// The text of `.convox/app`. A link or a pipe there is as good as none: whoever made the repository could have
  /// any file of the user's read by it.
  private var nameInFile: String? {
    guard let convox = try? DirectoryDescriptor(searching: path).directory(".convox"),
      let bytes = try? convox.read("app", limit: 4096)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self).trimmed()
  }

  private static func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
  }
}
