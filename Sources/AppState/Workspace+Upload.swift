import ConvoxEnvironment
package import ConvoxManifest
import Essentials
import LocalFiles

extension Workspace {
  /// What is wrong about the files that a deploy uploads: Convox sends the build context, and `.drydock` in it
  /// holds passwords.
  package func uploadFindings() -> [Diagnostic] {
    let ignore = "\(folder.path)/.dockerignore"
    let content = try? BoundedFile.read(ignore, limit: 1 << 20)
    let patterns =
      content.map { String(decoding: $0, as: UTF8.self).split(whereSeparator: \.isNewline) } ?? []
    let covering: Set = [".drydock", ".drydock/", "/.drydock", ".drydock/**", "**/.drydock", "*", "**", ".*"]
    let isCovered = patterns.contains { covering.contains($0.trimmed()) }
    guard !isCovered else { return [] }
    let location = SourceLocation(file: content == nil ? displayName : ".dockerignore", line: 1, column: 1)
    return [
      Diagnostic(
        .warning, at: location,
        "the folder .drydock, which holds passwords, is part of what a deploy uploads",
        suggestion: "add the line .drydock to .dockerignore")
    ]
  }
}
