import DrydockTestSupport
import Foundation
import Testing

/// File systems that lack what drydock needs: here the kernel refuses the system call, by a filter on the command.
@Suite struct FileSystemTests {
  /// What a file system may lack, and what is said then.
  struct Lack: Sendable, CustomTestStringConvertible {
    let name: String
    /// The numbers of the system calls.
    let calls: [Int]
    /// The error number that they end with.
    let error: Int32
    let words: [String]
    var testDescription: String { name }
  }

  #if arch(x86_64)
    static let lacks = [
      Lack(name: "renaming", calls: [82, 264, 316], error: EPERM, words: ["/key", "DRYDOCK_HOME"]),
      Lack(
        name: "owners", calls: [92, 93, 94, 260], error: EPERM, words: ["give away", "/mydb", "DRYDOCK_HOME"]),
      Lack(name: "locks", calls: [73], error: EOPNOTSUPP, words: ["locks", "DRYDOCK_HOME"]),
      Lack(name: "sockets", calls: [133, 259], error: EPERM, words: ["socket", "/mydb/", "DRYDOCK_HOME"]),
    ]
  #elseif arch(arm64)
    static let lacks = [
      Lack(name: "renaming", calls: [38, 276], error: EPERM, words: ["/key", "DRYDOCK_HOME"]),
      Lack(name: "owners", calls: [54, 55], error: EPERM, words: ["give away", "/mydb", "DRYDOCK_HOME"]),
      Lack(name: "locks", calls: [32], error: EOPNOTSUPP, words: ["locks", "DRYDOCK_HOME"]),
      Lack(name: "sockets", calls: [33], error: EPERM, words: ["socket", "/mydb/", "DRYDOCK_HOME"]),
    ]
  #else
    static let lacks: [Lack] = []
  #endif

  @Test(
    "What a file system lacks is said with another place, and nothing is half made", .filter,
    // Only root gives anything away.
    arguments: lacks.filter { $0.name != "owners" || getuid() == 0 })
  func lacking(_ lack: Lack) async throws {
    try await withApp(Manifests.postgres, AppOptions(runtime: "native")) { app in
      let filter = app.root.appending(path: "filter")
      try SystemCallFilter(refusing: lack.calls, with: lack.error).bytes.write(to: filter)
      var filtered = app
      filtered.prefix = SystemCallFilter.prefix(filter.path(percentEncoded: false))
      let result = try await filtered.drydock("up")
      #expect(result.status == 73, "\(result)")
      for word in lack.words { #expect(result.stderr.contains(word), "\(word): \(result)") }
      try await app.up()
      let url = try #require(try await app.variables()["MYDB_URL"])
      #expect(try await app.query("SELECT 1", at: url) == "1")
    }
  }
}

/// A program for the kernel's seccomp that lets some system calls end with an error.
private struct SystemCallFilter {
  let bytes: Data

  /// - Parameter calls: Their numbers on this architecture.
  init(refusing calls: [Int], with error: Int32) {
    // Load the number; jump over what is left of the comparisons, and over "allow", where one fits.
    var program: [(code: UInt16, yes: UInt8, value: UInt32)] = [(0x20, 0, 0)]
    for (index, call) in calls.enumerated() {
      program.append((0x15, UInt8(calls.count - index), UInt32(call)))
    }
    program += [(0x06, 0, 0x7fff_0000), (0x06, 0, 0x0005_0000 | UInt32(error))]
    bytes = program.reduce(into: Data()) { data, instruction in
      withUnsafeBytes(of: instruction.code.littleEndian) { data.append(contentsOf: $0) }
      data.append(contentsOf: [instruction.yes, 0])
      withUnsafeBytes(of: instruction.value.littleEndian) { data.append(contentsOf: $0) }
    }
  }

  /// What goes before a command for it to run under the filter in that file.
  static func prefix(_ file: String) -> [String] {
    ["/bin/sh", "-c", "exec 9<\"$0\"; exec bwrap --dev-bind / / --seccomp 9 -- \"$@\"", file]
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where bubblewrap cannot put a command under a filter.
  fileprivate static var filter: Self {
    .enabled("native engines, and bubblewrap with the right to make a namespace") {
      guard EngineAvailability.hasNativeEngines else { return false }
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = ["bwrap", "--dev-bind", "/", "/", "true"]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }
}
