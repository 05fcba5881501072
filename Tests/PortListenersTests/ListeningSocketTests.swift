import Foundation
import Testing

@testable import PortListeners

#if os(Linux)
  /// Who listens at a port, by the kernel's own words. Sockets are this process's.
  @Suite struct ListeningSocketTests {
    @Test(arguments: ListeningSocket.Source.allCases, ["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"])
    func everySocketThatGetsLoopbackIsSeen(_ source: ListeningSocket.Source, address: String) throws {
      let socket = try Listener(address)
      defer { socket.close() }
      let found = try ListeningSocket.all(at: socket.port, source)
      let isOpen = !address.hasSuffix("127.0.0.1")
      #expect(found == [ListeningSocket(inode: socket.inode, userID: getuid(), isOpen: isOpen)])
      let look = ExpectedListener(port: socket.port, processID: getpid()).look()
      if isOpen {
        // Bug: a server that was told to listen for the whole network was still ready.
        guard case .unknown(let reason) = look else { throw Unexpected(look: look) }
        #expect(reason.contains("all addresses"))
      } else {
        #expect(look == .ours(Set(found)))
      }
      #expect(
        ExpectedListener(port: socket.port, processID: nil).look() == .stranger(userID: getuid()))
    }

    @Test(arguments: ListeningSocket.Source.allCases)
    func whatGetsNoneIsNotSeen(_ source: ListeningSocket.Source) throws {
      let elsewhere = try Listener("127.0.0.2")
      let bound = try Listener("127.0.0.1", listens: false)
      let onlyIPv6 = try Listener("::", isOnlyIPv6: true)
      defer { for socket in [elsewhere, bound, onlyIPv6] { socket.close() } }
      #expect(try ListeningSocket.all(at: elsewhere.port, source).isEmpty)
      #expect(try ListeningSocket.all(at: bound.port, source).isEmpty)
      // The tables do not tell it from one that takes IPv4 too; so it counts there.
      #expect(try ListeningSocket.all(at: onlyIPv6.port, source).isEmpty == (source == .netlink))
      #expect(ExpectedListener(port: bound.port, processID: getpid()).look() == .nobody)
    }

    @Test func twoSocketsThatShareAPortAreBothSeen() throws {
      let first = try Listener("127.0.0.1", shares: true)
      let second = try Listener("127.0.0.1", port: first.port, shares: true)
      defer { for socket in [first, second] { socket.close() } }
      for source in ListeningSocket.Source.allCases {
        #expect(
          Set(try ListeningSocket.all(at: first.port, source).map(\.inode)) == [first.inode, second.inode])
      }
      // One of them is another's: who connects may get either.
      let alien = ListeningSocket(inode: .max, userID: 12_345)
      let own = try ListeningSocket.all(at: first.port)
      let expected = ExpectedListener(port: first.port, processID: getpid())
      #expect(expected.judge(own + [alien]) == .stranger(userID: 12_345))
    }

    @Test func anotherProcessOfOurOwnUserIsAStranger() throws {
      let socket = try Listener("127.0.0.1")
      defer { socket.close() }
      let other = try Sleeper()
      defer { other.end() }
      let expected = ExpectedListener(port: socket.port, processID: other.processID)
      #expect(expected.look() == .stranger(userID: getuid()))
    }

    /// The first process of the system is root's.
    @Test(.enabled(if: getuid() != 0)) func whatCannotBeSeenIsUnknown() throws {
      let socket = try Listener("127.0.0.1")
      defer { socket.close() }
      guard case .unknown = ExpectedListener(port: socket.port, processID: 1).look() else {
        Issue.record("something was said of process 1")
        return
      }
    }

    /// Bug: of a table longer than a page, as it is on a machine with many sockets, only the first page was read.
    @Test(arguments: ListeningSocket.Source.allCases)
    func oneOfManyIsSeen(_ source: ListeningSocket.Source) throws {
      let sockets = try (0..<100).map { _ in try Listener("127.0.0.1") }
      defer { for socket in sockets { socket.close() } }
      for socket in sockets {
        #expect(try ListeningSocket.all(at: socket.port, source).map(\.inode) == [socket.inode])
      }
    }

    @Test func tablesAreReadToTheirEnd() throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "drydock-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let other =
        "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100\n"
      let last =
        "9999: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 77 1 0 100\n"
      let table = "  sl  local_address ...\n" + String(repeating: other, count: 8_000) + last
      try table.write(toFile: "\(folder)/tcp", atomically: true, encoding: .utf8)
      #expect(
        try SocketTables(folder: folder).listeners(at: 8080) == [ListeningSocket(inode: 77, userID: 1001)])
      #expect(throws: ListenersUnknown.self) { try SocketTables(folder: "/dev/null").listeners(at: 1) }
    }
  }

  private struct Unexpected: Error { let look: ExpectedListener.Finding }

  /// A TCP socket of this process.
  private struct Listener {
    let descriptor: Int32
    let port: Int

    init(
      _ address: String, port: Int = 0, listens: Bool = true, isOnlyIPv6: Bool = false, shares: Bool = false
    ) throws {
      let isIPv6 = address.contains(":")
      descriptor = socket(
        isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      let (number, code) = Self.bind(descriptor, address, port, isIPv6: isIPv6, isOnlyIPv6, shares)
      self.port = number
      try #require(code == 0, "\(address): \(String(cString: strerror(errno)))")
      if listens { try #require(listen(descriptor, 1) == 0) }
    }

    private static func bind(
      _ descriptor: Int32, _ address: String, _ port: Int, isIPv6: Bool, _ isOnlyIPv6: Bool, _ shares: Bool
    ) -> (port: Int, code: Int32) {
      let size = socklen_t(MemoryLayout<Int32>.size)
      var (only, yes) = (Int32(isOnlyIPv6 ? 1 : 0), Int32(1))
      if isIPv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only, size) }
      if shares { setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, size) }
      guard isIPv6 else {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(port).bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        let code = bound(descriptor, &place)
        return (Int(in_port_t(bigEndian: place.sin_port)), code)
      }
      var place = sockaddr_in6()
      place.sin6_family = sa_family_t(AF_INET6)
      place.sin6_port = in_port_t(port).bigEndian
      inet_pton(AF_INET6, address, &place.sin6_addr)
      let code = bound(descriptor, &place)
      return (Int(in_port_t(bigEndian: place.sin6_port)), code)
    }

    private static func bound<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
      var length = socklen_t(MemoryLayout<Address>.size)
      return withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
          Glibc.bind(descriptor, generic, length) == 0 ? getsockname(descriptor, generic, &length) : -1
        }
      }
    }

    var inode: UInt32 {
      var info = stat()
      fstat(descriptor, &info)
      return UInt32(info.st_ino)
    }

    func close() { Glibc.close(descriptor) }
  }

  /// A process that has none of our sockets.
  private struct Sleeper {
    let processID: Int32

    init() throws {
      var pid: pid_t = 0
      var words: [UnsafeMutablePointer<CChar>?] = ["sleep", "600"].map { (word: String) in strdup(word) }
      words.append(nil)
      defer { for word in words { free(word) } }
      let code = posix_spawnp(&pid, "sleep", nil, nil, &words, environ)
      try #require(code == 0)
      processID = pid
    }

    func end() {
      kill(processID, SIGKILL)
      waitpid(processID, nil, 0)
    }
  }
#endif
