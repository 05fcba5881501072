import DrydockBase

extension ContextCopy {
  /// Where a file of the context goes by this instruction; nil where it does not.
  ///
  /// What a source matches as a whole is taken for the file itself. What lies below a match lies in a folder, whose content
  /// goes where the folder itself does not.
  /// - Parameters:
  ///   - path: Relative to the context, without a dot at its beginning.
  ///   - isFolder: Whether it is a folder: what a source names as a whole goes nowhere itself then.
  package func destination(of path: String, isFolder: Bool = false) -> String? {
    for source in sources {
      let pattern = Self.cleaned(source).splitExactly(at: "/")
      let parts = path.splitExactly(at: "/")
      guard parts.count >= pattern.count, zip(pattern, parts).allSatisfy({ Glob.matches($0, $1) })
      else { continue }
      let rest = parts.dropFirst(pattern.count)
      if rest.isEmpty, isFolder { return nil }
      if rest.isEmpty { return isIntoFolder ? joined(destination, parts.last ?? "") : destination }
      return joined(destination, rest.joined(separator: "/"))
    }
    return nil
  }

  /// Whether a source is exactly this path, without wildcards.
  package func names(_ path: String) -> Bool { sources.contains { Self.cleaned($0).isExactly(path) } }

  private func joined(_ folder: String, _ name: String) -> String {
    folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  /// A source without slashes at its ends and without `.`; empty for the whole context. It cannot leave the context.
  package static func cleaned(_ source: String) -> String {
    var parts: [String] = []
    for part in source.splitExactly(at: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }
}

/// One part of a path against a pattern with `*`, `?`, `[a-z]` and `\`, as Go's `filepath.Match` has it.
enum Glob {
  static func matches(_ pattern: String, _ name: String) -> Bool {
    let pattern = Array(pattern.unicodeScalars)
    let name = Array(name.unicodeScalars)
    var (at, place) = (0, 0)
    // Where to go on when what follows the last star does not fit: each star is tried in one pass.
    var star: (at: Int, place: Int)?
    while place < name.count {
      if at < pattern.count, pattern[at] == "*" {
        star = (at + 1, place)
        at += 1
      } else if let length = single(pattern[at...], name[place]) {
        at += length
        place += 1
      } else if let last = star {
        star = (last.at, last.place + 1)
        (at, place) = (last.at, last.place + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }

  /// How much of the pattern the scalar fits; nil where it does not.
  private static func single(_ pattern: ArraySlice<Unicode.Scalar>, _ scalar: Unicode.Scalar) -> Int? {
    guard let first = pattern.first else { return nil }
    switch first {
    case "?": return 1
    case "\\":
      guard let escaped = pattern.dropFirst().first else { return nil }
      return escaped == scalar ? 2 : nil
    case "[": return ClassReader(rest: pattern.dropFirst()).length(ifHolding: scalar)
    default: return first == scalar ? 1 : nil
    }
  }

  /// `[a-z]`, `[^a-z]`.
  private struct ClassReader {
    var rest: ArraySlice<Unicode.Scalar>

    /// The length with both brackets where the class holds the scalar.
    func length(ifHolding scalar: Unicode.Scalar) -> Int? {
      var reader = self
      let begin = rest.startIndex
      let isNegated = reader.rest.first == "^"
      if isNegated { reader.rest = reader.rest.dropFirst() }
      var isHeld = false
      var isFirst = true
      while let next = reader.rest.first, next != "]" || isFirst {
        guard let low = reader.take() else { return nil }
        var high = low
        if reader.rest.first == "-" {
          reader.rest = reader.rest.dropFirst()
          guard let end = reader.take() else { return nil }
          high = end
        }
        if low <= scalar, scalar <= high { isHeld = true }
        isFirst = false
      }
      guard reader.rest.first == "]" else { return nil }
      return isHeld != isNegated ? reader.rest.startIndex - begin + 2 : nil
    }

    private mutating func take() -> Unicode.Scalar? {
      guard let first = rest.popFirst() else { return nil }
      if first == "\\" { return rest.popFirst() }
      return first == "-" || first == "]" ? nil : first
    }
  }
}
