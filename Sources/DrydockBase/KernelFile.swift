#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Files that the kernel writes while they are read, such as those of `/proc`. They say that they are empty, and one
/// read gives a page of them at most: whoever goes by either has the beginning and takes it for all.
package enum KernelFile {
  /// The bytes of such a file to its end; nil where it cannot be read.
  package static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // Half of a table is none: what is missing in it would count as absent.
    return readToEnd(of: descriptor)
  }

  /// The same as text.
  package static func text(_ path: String) -> String? {
    read(path).map { String(decoding: $0, as: UTF8.self) }
  }
}
