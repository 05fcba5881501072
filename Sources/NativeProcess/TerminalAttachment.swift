package import DrydockBase
import LocalFiles
import MonotonicTime
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A connection to the terminal of a service, beside others that there may be.
///
/// What is read is the terminal's bytes, first those of the line that has not ended. Frames go the other way: a letter, the
/// length of what follows in two bytes, and that; see `drydock-keeper`'s terminal.c.
package final class TerminalAttachment: Sendable {
  /// The longest input of a frame.
  private static let frameLimit = 4096

  private let socket: Int32

  /// Connects to a service's terminal.
  /// - Throws: `NativeProcessError` with `.fileUnusable`, `ENOENT` or `ECONNREFUSED` where the service has no terminal or
  ///   does not run.
  package init(to files: SupervisedFiles) throws(NativeProcessError) {
    let path = files.folder + "/" + SupervisedFiles.terminalName
    let directory: DirectoryDescriptor
    do throws(DirectoryError) {
      directory = try DirectoryDescriptor(files.folder, followingLink: geteuid() != 0)
    } catch {
      throw .file(files.folder, "open", error)
    }
    do throws(Errno) {
      socket = try Self.connect(in: directory)
    } catch {
      throw .file(path, "connect to", error)
    }
  }

  deinit { close(socket) }

  /// The next bytes; nil once the service has ended, or this client was cut off since it did not read.
  package func read() async throws -> [UInt8]? {
    let input = try await NonblockingDescriptor.read(from: socket, room: 1 << 14, until: .never, "a terminal")
    {
      recv(socket, $0.baseAddress, $0.count, 0)
    }
    if case .bytes(let bytes) = input { return bytes }
    return nil
  }

  /// Types bytes.
  /// - Returns: Whether the terminal is still there.
  package func write(_ bytes: [UInt8]) async throws -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.frameLimit)
      guard try await send("i", Array(part)) else { return false }
      rest = rest.dropFirst(part.count)
    }
    return true
  }

  /// Says how large the window is.
  package func resize(to size: TerminalSize) async throws -> Bool {
    try await send("w", [size.rows, size.columns].flatMap { Self.twoBytes(UInt16(clamping: $0)) })
  }

  private func send(_ kind: Unicode.Scalar, _ value: [UInt8]) async throws -> Bool {
    let frame = [UInt8(ascii: kind)] + Self.twoBytes(UInt16(clamping: value.count)) + value
    return try await NonblockingDescriptor.write(frame, to: socket, until: .never, "a terminal's input") {
      systemSend(socket, $0.baseAddress, $0.count)
    } == 0
  }

  private static func twoBytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

  /// An address has room for 108 bytes, which a path may exceed: the folder is named by its descriptor.
  private static func connect(in directory: DirectoryDescriptor) throws(Errno) -> Int32 {
    #if os(Linux)
      let path = "/proc/self/fd/\(directory.descriptor)/\(SupervisedFiles.terminalName)"
      let type = Int32(SOCK_STREAM.rawValue)
    #else
      let path = "\(directory.path)/\(SupervisedFiles.terminalName)"
      let type = SOCK_STREAM
    #endif
    let socket = systemSocket(AF_UNIX, type, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = path.utf8.count < MemoryLayout.size(ofValue: address.sun_path)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        restarting { systemConnect(socket, address, socklen_t(MemoryLayout<sockaddr_un>.size)) }
      }
    }
    guard socket >= 0, fits, result == 0 else {
      let failure = fits ? errno : ENAMETOOLONG
      if socket >= 0 { close(socket) }
      throw Errno(rawValue: failure)
    }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    _ = fcntl(socket, F_SETFL, O_NONBLOCK)
    return socket
  }
}

/// The calls whose names the type's methods take.
private func systemSocket(_ domain: Int32, _ type: Int32, _ number: Int32) -> Int32 {
  socket(domain, type, number)
}

private func systemConnect(_ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32
{
  connect(socket, address, length)
}

private func systemSend(_ socket: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  #if os(Linux)
    send(socket, bytes, count, Int32(MSG_NOSIGNAL))
  #else
    send(socket, bytes, count, 0)
  #endif
}
