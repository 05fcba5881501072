#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Repeats a system call for as long as a signal interrupts it.
package func restarting<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}

/// Reads a file from where its descriptor stands to its end, whatever size it says that it has.
/// - Parameter limit: The most bytes that are wanted; where there are more, one more than that is returned.
/// - Returns: nil where a read failed; `errno` says how.
package func readToEnd(of descriptor: Int32, limit: Int = .max - 1) -> [UInt8]? {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while bytes.count <= limit {
    let wanted = min(buffer.count, limit + 1 - bytes.count)
    let count = restarting { read(descriptor, &buffer, wanted) }
    guard count >= 0 else { return nil }
    if count == 0 { break }
    bytes += buffer[..<count]
  }
  return bytes
}

/// Writes all of `bytes` to a file.
/// - Returns: 0, or the error number by which a write failed.
package func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { part in restarting { write(descriptor, part.baseAddress, part.count) }
    }
    // A file that takes nothing would be asked for ever.
    guard count > 0 else { return count == 0 ? EIO : errno }
    rest = rest.dropFirst(count)
  }
  return 0
}
