package import DrydockBase
import Essentials

/// A file without a name, for reading and writing, which is gone when it is closed: in the folder that `TMPDIR` names,
/// else where the system keeps temporary files.
/// - Returns: A descriptor that programs do not inherit.
/// - Throws: `DrydockError` with `.cannotWrite`.
package func namelessFile() throws(DrydockError) -> Int32 {
  let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
  var failure = ENOENT
  for folder in [named, "/tmp", "/var/tmp"] where folder.beginsExactly(with: "/") {
    var name = Array("\(folder)/drydock-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      failure = errno
      continue
    }
    unlink(name)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
  throw namelessFileError(failure)
}

/// That a nameless file cannot be made or written.
/// - Parameter number: The system's error number.
package func namelessFileError(_ number: Int32) -> DrydockError {
  let reason = "cannot write a temporary file: \(String(cString: strerror(number)))"
  if let remedy = Shortage.remedy(number) {
    return DrydockError(.failed, reason, suggestion: remedy, isShortage: true)
  }
  return DrydockError(
    .cannotWrite, reason,
    suggestion: "free some space where temporary files go, or name another folder by TMPDIR")
}
