package import ConvoxManifest
package import DrydockBase
import ImageBuilds

/// A rule of `watch:` in drydock.yml.
package struct LiveRule: Sendable {
  /// What happens with files that it fits.
  let action: DrydockSettings.WatchAction
  /// Nil for everything.
  private let pattern: IgnoreFile?
  /// The parts of its path up to the first wildcard.
  private let literal: [String]

  /// A rule as it is read.
  /// - Throws: `DrydockError` for a pattern that a .dockerignore could not have.
  package init(_ rule: DrydockSettings.WatchRule, of service: String) throws(DrydockError) {
    action = rule.action
    let parts = rule.path.splitExactly(at: "/").filter { $0 != "." }
    literal = Array(parts.prefix { !$0.unicodeScalars.contains { "*?[\\".unicodeScalars.contains($0) } })
    guard !parts.isEmpty else {
      pattern = nil
      return
    }
    do throws(IgnoreFileError) {
      // Behind "./" neither "!" nor "#" means anything.
      pattern = try IgnoreFile(Array("./\(rule.path)".utf8), path: DrydockSettings.fileName)
    } catch {
      throw DrydockError(
        .manifestInvalid, "\(DrydockSettings.fileName): watch.\(service): \(error.message)",
        suggestion: "patterns are those of a .dockerignore")
    }
  }

  /// Whether it is about a path, or a folder above it.
  func fits(_ path: String) -> Bool { pattern?.ignores(path) ?? true }

  /// Whether it may be about something in a folder.
  func mayFit(inFolder path: String) -> Bool {
    zip(literal, path.splitExactly(at: "/")).allSatisfy { $0.isExactly($1) }
  }
}
