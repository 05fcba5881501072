import DrydockBase
import Essentials
import TransportSecurity

/// The files that patterns name, and what is in them.
struct SeedInputs {
  /// The paths, sorted.
  let paths: [String]

  /// Finds them. A folder stands for every file below it.
  /// - Throws: `DrydockError` for a pattern that names nothing.
  init(_ patterns: [String], in folder: String) throws {
    var found: Set<String> = []
    for pattern in patterns {
      let matches = Self.matches(pattern.beginsExactly(with: "/") ? pattern : "\(folder)/\(pattern)")
      guard !matches.isEmpty else {
        throw DrydockError(
          .usage, "--seed-inputs \(pattern) names no file", suggestion: "patterns are read in \(folder)")
      }
      for match in matches { found.formUnion(Self.files(at: match)) }
    }
    paths = found.sorted()
  }

  private static func matches(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { result.gl_pathv[$0].map { String(cString: $0) } }
  }

  private static func files(at path: String) -> [String] {
    var info = stat()
    guard stat(path, &info) == 0 else { return [] }
    guard info.st_mode & S_IFMT == S_IFDIR else { return [path] }
    let below = FileManager.default.readableSubpaths(of: path)
    return below.map { "\(path)/\($0)" }.filter { stat($0, &info) == 0 && info.st_mode & S_IFMT == S_IFREG }
  }

  /// Adds their names and contents.
  /// - Throws: `DrydockError` for one that cannot be read.
  func add(to digest: Digest) throws {
    for path in paths {
      guard let content = FileManager.default.contents(atPath: path) else {
        throw DrydockError(
          .failed, "cannot read \(path)", suggestion: "it is named by --seed or --seed-inputs")
      }
      digest.addPart(Array(path.utf8))
      digest.addPart(Array(content))
    }
  }
}
