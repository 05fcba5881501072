import DrydockTestSupport
import Foundation
import MonotonicTime
import Testing

@testable import NativeProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

#if os(Linux)
  @Suite("Ports of services", .enabled("ports cannot be mapped here") { try await PortMapping.isAvailable() })
  struct ServicePortTests {
    /// Listens as a server does that a test names, and says its name to whoever connects.
    private static let server = """
      import os, socket, sys, threading
      declared = int(os.environ["DECLARED"])
      def listener(family, host, port, only=None):
          s = socket.socket(family)
          s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
          if only is not None: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
          s.bind((host, port))
          return s
      four, six = socket.AF_INET, socket.AF_INET6
      """
    private static let serving = """

      for s in servers: s.listen()
      print("listening", flush=True)
      def serve(s):
          while True:
              c, _ = s.accept()
              c.sendall(os.environ["NAME"].encode())
              c.close()
      threads = [threading.Thread(target=serve, args=(s,)) for s in servers]
      [t.start() for t in threads]
      """

    private func server(_ listeners: String, _ scratch: Scratch, at own: Int, declared: Int) -> SupervisedSpec
    {
      var spec = scratch.python(
        Self.server + "\nservers = [\(listeners)]" + Self.serving,
        ServiceTraits(ports: PortMap([declared: own])))
      spec.environment["DECLARED"] = "\(declared)"
      spec.environment["NAME"] = "server at \(own)"
      return spec
    }

    @Test(arguments: [
      "listener(four, '0.0.0.0', declared)", "listener(four, '127.0.0.1', declared)",
      "listener(six, '::', declared, 0)", "listener(six, '::1', declared)",
      "listener(six, '::', declared, 1)",
      // Two sockets, one for each family, as asyncio has them.
      "listener(four, '0.0.0.0', declared), listener(six, '::', declared, 1)",
      "listener(six, '::', declared, 1), listener(four, '0.0.0.0', declared)",
    ])
    func whateverItBindsIsReachedAtItsOwnPort(_ listeners: String) async throws {
      try await withScratch { scratch in
        let ports = try quietPorts(2)
        let (own, declared) = (ports[0], ports[1])
        try await scratch.start(server(listeners, scratch, at: own, declared: declared))
        try await eventually("the server") { scratch.texts().contains("listening") }
        #expect(scratch.texts(.error).isEmpty)
        for _ in 0..<8 { #expect(greeting(at: own) == "server at \(own)") }
        #expect(greeting(at: declared) == nil)
      }
    }

    @Test func eachOfSeveralPortsHasAnOwnOne() async throws {
      try await withScratch { scratch in
        let six = try quietPorts(6)
        let (ports, owns) = (Array(six[..<3]), Array(six[3...]))
        let listeners = ports.map { "listener(four, '0.0.0.0', \($0))" }.joined(separator: ", ")
        var spec = server(listeners, scratch, at: owns[0], declared: ports[0])
        spec.traits?.ports = PortMap(Dictionary(zip(ports, owns)) { $1 })
        try await scratch.start(spec)
        try await eventually("the server") { scratch.texts().contains("listening") }
        for own in owns { #expect(greeting(at: own) == "server at \(owns[0])") }
        for port in ports { #expect(greeting(at: port) == nil) }
      }
    }

    @Test func twoServicesBindOnePort() async throws {
      let ports = try quietPorts(3)
      let (declared, owns) = (ports[0], ports[1...])
      try await withScratch { first in
        try await withScratch { second in
          for (scratch, own) in zip([first, second], owns) {
            try await scratch.start(
              server("listener(four, '', declared)", scratch, at: own, declared: declared))
            try await eventually("the server") { scratch.texts() == ["listening"] }
          }
          for own in owns { #expect(greeting(at: own) == "server at \(own)") }
          #expect(greeting(at: declared) == nil)
        }
      }
    }

    /// What a service binds besides, and what it listens at without having bound it.
    @Test func nothingListensBeyondThisMachine() async throws {
      try await withScratch { scratch in
        let other = try quietPorts(1)[0]
        let program = """
          import socket
          def shown(s):
              device = s.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\\0").decode()
              print(s.getsockname()[0], device, flush=True)
          a = socket.socket(); a.bind(("0.0.0.0", \(other))); a.listen(); shown(a)
          b = socket.socket(); b.listen(); shown(b)
          c = socket.socket(); c.bind(("", 0)); c.listen(); shown(c)
          d = socket.socket(socket.AF_INET6); d.bind(("::", 0)); d.listen(); shown(d)
          e = socket.socket(socket.AF_UNIX); e.bind("\\0drydock-test-\(other)"); e.listen(); print("unix", flush=True)
          f = socket.socket()
          try: f.bind(("127.0.0.1", \(other)))
          except OSError as error: print(error.errno, flush=True)
          """
        let end = try await scratch.runToEnd(scratch.python(program, ServiceTraits(ports: PortMap())))
        #expect(end == .code(0))
        #expect(
          scratch.texts() == ["127.0.0.1 ", "127.0.0.1 ", "0.0.0.0 lo", ":: lo", "unix", "\(EADDRINUSE)"])
      }
    }

    /// Also for those that its processes start, and while some of them are killed.
    @Test func manyCallAtOnce() async throws {
      try await withScratch { scratch in
        let program = """
          import os, signal, socket, sys, threading
          def bind(count):
              for _ in range(count):
                  s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); s.close()
          children = []
          for i in range(12):
              pid = os.fork()
              if pid == 0:
                  threads = [threading.Thread(target=bind, args=(50,)) for _ in range(6)]
                  [t.start() for t in threads]
                  [t.join() for t in threads]
                  os._exit(0)
              children.append(pid)
          killed = children[::3]
          [os.kill(pid, signal.SIGKILL) for pid in killed]
          codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children if pid not in killed]
          [os.waitpid(pid, 0) for pid in killed]
          sys.exit(any(codes))
          """
        let end = try await scratch.runToEnd(scratch.python(program, ServiceTraits(ports: PortMap())))
        #expect(end == .code(0), "\(scratch.texts())")
      }
    }

    /// What somebody who listens at a port of 127.0.0.1 says; nil where nobody does.
    private func greeting(at port: Int) -> String? {
      let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(connection) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      var buffer = [UInt8](repeating: 0, count: 64)
      guard isConnected else { return nil }
      return String(
        decoding: buffer[..<max(0, recv(connection, &buffer, buffer.count, Int32(MSG_WAITALL)))],
        as: UTF8.self)
    }
  }

  enum PortMapping {
    static func isAvailable() async throws -> Bool {
      let keeper = Keeper(executable: try BuiltProducts.executable("drydock-keeper"))
      return try await keeper.canMapPorts(until: .after(.seconds(30)))
    }
  }
#endif
