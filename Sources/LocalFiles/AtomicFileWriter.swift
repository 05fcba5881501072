#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Writes a large file piece by piece; until `commit`, whatever is at its path stays as it is.
package struct AtomicFileWriter: Sendable {
  private let target: FileSystemPath
  private let existing: stat?
  private let temporary: TemporaryFile

  /// Begins a new content for a file. A symbolic link stays and its target is replaced; root refuses one of another
  /// user's.
  /// - Throws: `AtomicFileError`.
  package init(_ path: String) throws(AtomicFileError) {
    target = try FileSystemPath(path).followingLinks()
    existing = try target.status()
    if let existing, existing.st_mode & S_IFMT != S_IFREG {
      throw AtomicFileError(.notRegularFile, path: path, errno: 0)
    }
    temporary = try TemporaryFile(beside: target)
  }

  /// Adds bytes.
  /// - Throws: `AtomicFileError`; then call `discard`.
  package func append(_ bytes: [UInt8]) throws(AtomicFileError) { try temporary.append(bytes) }

  /// Puts the content in its place: 0600 for a new file, an existing one's permissions else.
  /// - Throws: `AtomicFileError`; then call `discard`.
  package func commit() throws(AtomicFileError) {
    try temporary.finish(mode: existing.map { $0.st_mode & 0o7777 } ?? 0o600, replacing: existing)
    try temporary.replace(target)
    try target.syncFolder()
  }

  /// Removes what was written so far.
  package func discard() { temporary.remove() }
}
