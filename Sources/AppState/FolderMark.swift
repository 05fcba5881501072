/// What a folder says of its instance: the line of `.drydock/id`.
///
/// A line that anybody may write proves nothing by itself: a repository can bring the id of another app along. The token
/// beside it stands in the instance's state besides and nowhere else. The home tells whose the file is, as a folder may
/// be used from two homes.
package struct FolderMark: Sendable, Hashable {
  /// The instance's id.
  package var id: String
  /// The secret that the instance's state holds too; nil in folders of a drydock that had none.
  package var token: String?
  /// The key of the home that wrote it; nil in those too.
  package var home: String?

  /// A mark of these parts.
  package init(id: String, token: String? = nil, home: String? = nil) {
    self.id = id
    self.token = token
    self.home = home
  }

  /// A mark as it stands in a file; nil for anything else.
  package init?(_ text: String) {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard (1...3).contains(words.count), words.allSatisfy(Self.isPlausible) else { return nil }
    self.init(
      id: String(words[0]), token: words.count > 1 ? String(words[1]) : nil,
      home: words.count > 2 ? String(words[2]) : nil)
  }

  private static func isPlausible(_ word: Substring) -> Bool {
    (8...32).contains(word.utf8.count)
      && word.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) }
  }

  /// As it stands in a file.
  package var text: String { [id, token, home].compactMap(\.self).joined(separator: " ") + "\n" }
}

extension AppFolder {
  /// The file with the mark of the home that first had an instance of the folder.
  package static let markFile = "id"

  /// The file with the mark of a home that came later.
  package static func markFile(of home: String) -> String { "id-\(home)" }

  /// The mark in a file of `.drydock`; nil where there is none.
  /// - Throws: `DrydockError.cannotWrite` for what is no file of drydock's own.
  package func mark(in file: String = AppFolder.markFile) throws -> FolderMark? {
    try content(of: file).flatMap(FolderMark.init)
  }
}
