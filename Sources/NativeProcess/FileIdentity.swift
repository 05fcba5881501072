import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which file an open descriptor stands for; nil when the system does not say.
func inodeNumber(of file: FileDescriptor) -> UInt64? {
  var info = stat()
  return fstat(file.rawValue, &info) == 0 ? UInt64(info.st_ino) : nil
}

/// Which file is at a path now; nil when there is none.
func inodeNumber(ofPath path: String) -> UInt64? {
  var info = stat()
  return lstat(path, &info) == 0 ? UInt64(info.st_ino) : nil
}

/// How long an open file is, in bytes.
func fileSize(of file: FileDescriptor) throws -> Int64 {
  var info = stat()
  guard fstat(file.rawValue, &info) == 0 else { throw lastErrno() }
  return Int64(info.st_size)
}
