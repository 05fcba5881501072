import DrydockBase
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file of one port, locked for as long as this value is in use; `unlock` has to be called.
struct PortFile {
  private let descriptor: FileDescriptor
  private let path: String

  /// Opens and locks the file, making it if need be; nil when somebody else has it locked.
  static func lock(_ path: String) throws(NativeProcessError) -> PortFile? {
    while true {
      let file = PortFile(descriptor: try open(path), path: path)
      switch flockRetrying(file.descriptor, LOCK_EX | LOCK_NB) {
      case nil: break
      case .wouldBlock:
        file.unlock()
        return nil
      default:
        file.unlock()
        throw .noLocks(path)
      }
      // A file that was removed between open and lock is nobody's: take the one that is there now.
      if inodeNumber(of: file.descriptor) == inodeNumber(ofPath: path) { return file }
      file.unlock()
    }
  }

  private static func open(_ path: String) throws(NativeProcessError) -> FileDescriptor {
    do {
      return try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: .ownerReadWrite)
    } catch {
      throw .file(path, "open", error as? Errno ?? .ioError)
    }
  }

  /// The owner in the file; nil when it is empty, as after a crash between making and writing it.
  func owner() throws(NativeProcessError) -> String? {
    let bytes = try attempt("read") {
      try descriptor.seek(offset: 0, from: .start)
      guard let bytes = readToEnd(of: descriptor.rawValue, limit: 4096) else { throw lastErrno() }
      return bytes
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// Not synced: after a power cut the port is still in the state of its instance, which asks for it again.
  func write(_ owner: String) throws(NativeProcessError) {
    try attempt("write") {
      guard ftruncate(descriptor.rawValue, 0) == 0 else { throw lastErrno() }
      try descriptor.seek(offset: 0, from: .start)
      try descriptor.writeAll(Array(owner.utf8))
    }
  }

  func remove() throws(NativeProcessError) {
    try attempt("remove") { if Self.delete(path) != 0 { throw lastErrno() } }
  }

  /// Lets go explicitly, as a fork elsewhere in this process may have copied the descriptor.
  func unlock() {
    _ = flockRetrying(descriptor, LOCK_UN)
    try? descriptor.close()
  }

  private static func delete(_ path: String) -> Int32 { unlink(path) }

  @discardableResult
  private func attempt<Value>(
    _ action: String, _ body: () throws -> Value
  ) throws(NativeProcessError) -> Value {
    do { return try body() } catch {
      throw .file(path, action, error as? Errno ?? .ioError)
    }
  }
}
