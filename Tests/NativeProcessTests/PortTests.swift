import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Ports")
struct PortTests {
  /// A socket that listens, or only binds, on a port which the kernel chose.
  private struct Listener: ~Copyable {
    let descriptor: Int32
    let port: Int

    init(_ address: UInt32 = 0x7f00_0001, listens: Bool = true, reuse: Bool = true) throws {
      #if canImport(Glibc)
        let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      #else
        let opened = socket(AF_INET, SOCK_STREAM, 0)
      #endif
      descriptor = opened
      var yes: Int32 = reuse ? 1 : 0
      setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_addr.s_addr = address.bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafeMutablePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(opened, $0, size) == 0 && getsockname(opened, $0, &size) == 0
        }
      }
      port = Int(UInt16(bigEndian: name.sin_port))
      try #require(bound)
      if listens { try #require(listen(opened, 4) == 0) }
    }

    deinit { close(descriptor) }
  }

  @Test(arguments: [0x7f00_0001, 0] as [UInt32], [true, false])
  func aListenerIsSeenOnOneAndOnAllAddresses(_ address: UInt32, _ reuse: Bool) async throws {
    let port: Int
    do {
      let listener = try Listener(address, reuse: reuse)
      port = listener.port
      #expect(!isFree(port: port))
      let owner = try #require(PortOwner.of(port: port))
      #expect(owner.pid == getpid())
      #expect(owner.userID == getuid())
      #expect(owner.processName?.isEmpty == false)
    }
    // A process that another test is starting may have the descriptor until its exec.
    try await eventually("a free port") { isFree(port: port) && PortOwner.of(port: port) == nil }
  }

  @Test func aSocketThatIsOnlyBoundTakesItsPort() throws {
    let listener = try Listener(listens: false, reuse: false)
    #expect(!isFree(port: listener.port))
  }

  @Test(arguments: [0, -1, 65536]) func numbersThatAreNoPorts(_ port: Int) {
    #expect(PortAvailability.of(port) == .notPermitted)
  }

  @Test func theStandardRangeLiesBelowTheKernels() {
    #expect(PortRange.standard.lowerBound == 15_000)
    #expect(PortRange.standard.upperBound <= 29_999)
  }

  @Test func manyAtOnceNeverShareAPort() async throws {
    try await withScratch { scratch in
      let ports = try await withThrowingTaskGroup(of: [Int].self) { group in
        for task in 0..<4 {
          group.addTask { @concurrent in
            let allocator = PortAllocator(folder: scratch.folder)
            // One seed for all, so that every task goes for the same ports.
            return try (0..<50).map { try allocator.reserve(seed: "seed", owner: "\(task)/\($0)") }
          }
        }
        return try await group.reduce(into: [Int]()) { $0 += $1 }
      }
      #expect(ports.count == 200)
      #expect(Set(ports).count == 200)
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder).count == 200)
    }
  }

  @Test func areKeptUntilReleased() async throws {
    try await withScratch { scratch in
      let allocator = PortAllocator(folder: scratch.folder)
      let port = try allocator.reserve(seed: "s", owner: "a/db")
      // After a crash the owner asks again and gets the same; another gets another.
      #expect(try allocator.reserve(seed: "s", owner: "a/db") == port)
      let other = try allocator.reserve(seed: "s", owner: "b/db")
      #expect(other != port)
      #expect(allocator.ports(of: "a/db") == [port])
      try allocator.release(port, owner: "b/db")
      #expect(allocator.owner(of: port) == "a/db")
      try allocator.release(port, owner: "a/db")
      #expect(allocator.owner(of: port) == nil)
      #expect(try allocator.reserve(seed: "s", owner: "c/db") == port)
    }
  }

  @Test func excludedPortsAndStrangersPortsArePassedOver() async throws {
    try await withScratch { scratch in
      let listener = try Listener()
      let taken = listener.port
      let only = PortAllocator(folder: scratch.folder, range: taken...taken)
      #expect(await code { try only.reserve(seed: "s", owner: "a") } == .noFreePort)
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.folder).isEmpty)
      let allocator = PortAllocator(folder: scratch.folder)
      let first = try allocator.reserve(seed: "s", owner: "a")
      let second = try allocator.reserve(seed: "s", owner: "a", excluding: [first])
      #expect(first != second)
    }
  }

  @Test func exactPortsAreGivenOrRefusedWithTheOwner() async throws {
    try await withScratch { scratch in
      let allocator = PortAllocator(folder: scratch.folder)
      let port: Int
      do {
        let listener = try Listener(0)
        port = listener.port
        do {
          try allocator.reserve(exact: port, owner: "a")
          Issue.record("a taken port was given")
        } catch let error as NativeProcessError {
          #expect(error.code == .portTaken)
          #expect(error.message.contains("PID \(getpid())"))
        }
      }
      try await eventually("a free port") { isFree(port: port) }
      try allocator.reserve(exact: port, owner: "a")
      try allocator.reserve(exact: port, owner: "a")
      #expect(await code { try allocator.reserve(exact: port, owner: "b") } == .portTaken)
    }
  }

  @Test func staleReservationsAreTakenOver() async throws {
    try await withScratch { scratch in
      let port = try PortAllocator(folder: scratch.folder).reserve(seed: "s", owner: "gone/db")
      let allocator = PortAllocator(folder: scratch.folder) { $0.hasPrefix("gone/") }
      #expect(try allocator.reserve(seed: "s", owner: "new/db") == port)
      #expect(allocator.owner(of: port) == "new/db")
    }
  }

  /// Bug: whatever a crash had left in a port's file reserved the port for ever, and a folder there stopped every `up`.
  @Test func aDamagedFileReservesNothing() async throws {
    try await withScratch { scratch in
      let allocator = PortAllocator(folder: scratch.folder)
      let port = try allocator.reserve(seed: "s", owner: "a/db")
      try Data([0xff, 0, 7, 0xfe]).write(to: URL(filePath: "\(scratch.folder)/\(port)"))
      #expect(try allocator.reserve(seed: "s", owner: "b/db") == port)
      #expect(allocator.owner(of: port) == "b/db")
      unlink("\(scratch.folder)/\(port)")
      mkdir("\(scratch.folder)/\(port)", 0o700)
      #expect(try allocator.reserve(seed: "s", owner: "c/db") != port)
    }
  }

  @Test func aMissingFolderIsNamed() async {
    let found = await code { try PortAllocator(folder: "/nowhere").reserve(seed: "s", owner: "a") }
    #expect(found == .fileUnusable(ENOENT))
  }
}
