import Essentials

/// Calls `body` with a null-terminated array of C strings, which live as long as the call.
func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result?
) -> Result? {
  let copies = strings.map { strdup($0) }
  defer { copies.forEach { free($0) } }
  return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { pointers in
    pointers.baseAddress.flatMap(body)
  }
}

/// A C string of its own that lives until released, for calls that keep the pointer they are given.
final class OwnedCString {
  /// The string's first byte.
  let pointer: UnsafeMutablePointer<CChar>?

  init(_ string: String) {
    pointer = strdup(string)
  }

  deinit {
    free(pointer)
  }
}
