import DrydockBase
import LocalFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The containers that a watch removes, by id or name, as lines of a file in its folder.
struct ContainerList {
  let folder: String

  /// - Throws: `NativeProcessError` with `.fileUnusable`.
  func add(_ container: String) throws(NativeProcessError) {
    let path = folder + "/containers"
    guard !container.isEmpty, container.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }) else {
      throw .file(path, "write", Errno.invalidArgument)
    }
    let directory: DirectoryDescriptor
    do throws(DirectoryError) {
      directory = try DirectoryDescriptor(folder, followingLink: geteuid() != 0)
    } catch {
      throw .file(folder, "open", error)
    }
    do throws(Errno) {
      let file = try directory.appending("containers")
      defer { try? file.close() }
      let failure = writeAll(Array("\(container)\n".utf8), to: file.rawValue)
      if failure != 0 { throw Errno(rawValue: failure) }
    } catch {
      throw .file(path, "write", error)
    }
  }
}

extension DirectoryDescriptor {
  /// A regular file to be added to, made if there is none; the caller closes it. No link is followed.
  func appending(_ name: String) throws(Errno) -> FileDescriptor {
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let opened = restarting { openat(descriptor, name, flags, 0o600) }
    guard opened >= 0 else { throw lastErrno() }
    var info = stat()
    if fstat(opened, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_nlink <= 1 {
      return FileDescriptor(rawValue: opened)
    }
    close(opened)
    throw .notPermitted
  }
}
