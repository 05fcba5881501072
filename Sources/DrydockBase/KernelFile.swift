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
    var bytes: [UInt8] = []
    var page = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = systemRead(descriptor, &page, page.count)
      if count < 0, errno == EINTR { continue }
      // Half of a table is none: what is missing in it would count as absent.
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += page[..<count]
    }
  }

  /// The same as text.
  package static func text(_ path: String) -> String? {
    read(path).map { String(decoding: $0, as: UTF8.self) }
  }
}

/// The system's call, which the type's own `read` would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}
