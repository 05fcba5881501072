package import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How a file is opened that may turn out to be a link, a pipe or a terminal: without O_NONBLOCK a pipe without a writer
/// would be waited for.
let readingWithoutWaiting = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC

/// Opens a regular file for reading: neither a link nor a device, and nothing that would have to be waited for. The caller
/// closes it.
/// - Throws: `Errno`; `.noSuchFileOrDirectory`, `.notPermitted` for what is no regular file.
package func openRegularFile(_ path: String) throws(Errno) -> FileDescriptor {
  try openRegularFile(path, in: AT_FDCWD)
}

func openRegularFile(_ path: String, in folder: Int32) throws(Errno) -> FileDescriptor {
  let descriptor = openat(folder, path, readingWithoutWaiting)
  if descriptor < 0 { throw Errno(rawValue: errno) }
  var info = stat()
  guard fstat(descriptor, &info) == 0, info.isKind(S_IFREG) else {
    close(descriptor)
    throw .notPermitted
  }
  return FileDescriptor(rawValue: descriptor)
}
