package import DrydockBase

/// A pattern of an ignore file that docker would refuse: where, and what.
package struct IgnoreFileError: Error, Sendable, Hashable {
  /// The file as it was named to the reader.
  package let path: String
  /// The line, from 1; 0 for the file as a whole.
  package let line: Int
  /// What is wrong there.
  package let message: String
}

extension IgnoreFileError: DrydockErrorConvertible {
  /// The same for a user.
  package func drydockError(place: String) -> DrydockError {
    let line = line > 0 ? ":\(line)" : ""
    return DrydockError(
      .manifestInvalid, "\(place)\(path)\(line): \(message)", suggestion: "docker build refuses it too")
  }
}

/// The rules of a `.dockerignore`, which say of a path whether it stays behind.
///
/// They are docker's, oddities included: patterns are matched from the context's root, `**` crosses folders, `!` takes back,
/// the last that fits counts, and what lies in a folder that fits goes the folder's way.
///
/// Source: moby's patternmatcher, whose behaviour `IgnoreFileTests` compares with the docker client itself.
package struct IgnoreFile: Sendable {
  /// Which of the patterns a folder fits; what lies in it need not be asked again.
  package struct FolderMatch: Sendable {
    fileprivate let fits: [Bool]
    /// Whether the folder itself stays behind.
    package let isIgnored: Bool
    /// Whether a pattern with `!` may take back something in the folder, so that it has to be looked through.
    package let mayTakeBack: Bool

    /// Whether nothing of the folder is sent.
    package var isSkipped: Bool { isIgnored && !mayTakeBack }
  }

  private let patterns: [IgnorePattern]

  /// The largest file that is read, in bytes.
  package static let limit = 1 << 20
  private static let patternLimit = 10_000

  /// No rules.
  package static let none = IgnoreFile(patterns: [])

  private init(patterns: [IgnorePattern]) { self.patterns = patterns }

  /// Reads a file.
  /// - Parameters:
  ///   - path: What messages call it.
  ///   - kept: Paths that are sent whatever the file says of them: itself and the Dockerfile.
  package init(_ bytes: [UInt8], path: String, keeping kept: [String] = []) throws(IgnoreFileError) {
    guard bytes.count <= Self.limit else {
      throw IgnoreFileError(path: path, line: 0, message: "it has more than \(Self.limit) bytes")
    }
    let hasMark = bytes.starts(with: [0xef, 0xbb, 0xbf])
    let lines = bytes[(hasMark ? 3 : 0)...]
      .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var patterns: [IgnorePattern] = []
    for (index, line) in lines.enumerated() where line.first != UInt8(ascii: "#") {
      let text = trimmed(String(decoding: line, as: UTF8.self))
      guard !text.isEmpty else { continue }
      do throws(IgnorePattern.Malformed) { patterns.append(try IgnorePattern(line: text)) } catch {
        throw IgnoreFileError(
          path: path, line: index + 1, message: "the pattern \"\(text.prefix(200))\" \(error.reason)")
      }
      guard patterns.count <= Self.patternLimit else {
        throw IgnoreFileError(
          path: path, line: index + 1, message: "it has more than \(Self.patternLimit) patterns")
      }
    }
    let all = IgnoreFile(patterns: patterns)
    self.init(patterns: patterns + kept.filter { all.ignores($0) }.map { IgnorePattern(exactly: $0) })
  }

  /// Whether a path stays behind, folders above it taken into account.
  /// - Parameter path: Relative to the context, without a dot at its beginning.
  package func ignores(_ path: String) -> Bool {
    var parent: FolderMatch?
    var place = ""
    for part in path.splitExactly(at: "/") {
      place += place.isEmpty ? part : "/\(part)"
      parent = folder(place, in: parent)
    }
    return parent?.isIgnored ?? false
  }

  /// Whether a file stays behind.
  /// - Parameter parent: What was found for the folder that it lies in; nil at the root.
  package func ignores(_ path: String, in parent: FolderMatch?) -> Bool { fits(path, parent).isIgnored }

  /// What becomes of a folder.
  /// - Parameter parent: What was found for the folder that it lies in; nil at the root.
  package func folder(_ path: String, in parent: FolderMatch?) -> FolderMatch {
    let (fits, isIgnored) = fits(path, parent)
    let mayTakeBack =
      isIgnored && patterns.contains { $0.takesBack && ($0.text + "/").beginsExactly(with: path + "/") }
    return FolderMatch(fits: fits, isIgnored: isIgnored, mayTakeBack: mayTakeBack)
  }

  private func fits(_ path: String, _ parent: FolderMatch?) -> (fits: [Bool], isIgnored: Bool) {
    var fits = [Bool](repeating: false, count: patterns.count)
    var isIgnored = false
    let scalars = Array(path.unicodeScalars)
    for (index, pattern) in patterns.enumerated() {
      // What cannot change the answer is not asked, and then does not count for what lies below either.
      let isFit =
        parent?.fits[index] == true || (pattern.takesBack == isIgnored && pattern.matches(path, scalars))
      fits[index] = isFit
      if isFit { isIgnored = !pattern.takesBack }
    }
    return (fits, isIgnored)
  }
}

/// Without blanks at both ends, as Unicode has them.
func trimmed(_ text: String) -> String {
  let scalars = text.unicodeScalars
  guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
    let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
  else { return "" }
  return String(scalars[first...last])
}
