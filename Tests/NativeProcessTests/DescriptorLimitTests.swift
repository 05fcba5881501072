import Foundation
import MonotonicTime
import Testing

@testable import DrydockBase
@testable import NativeProcess

@Suite("The caller's limit of open files")
struct DescriptorLimitTests {
  @Test func anEngineHasIt() async throws {
    try await withScratch { scratch in
      var spec = scratch.shell("ulimit -Sn; exec sleep 1000")
      spec.filesLimit = 77
      _ = try await scratch.keeper().start(spec, until: .after(.seconds(30)))
      try await eventually("the engine's word") { scratch.log() == ["77"] }
    }
  }

  @Test func aToolHasIt() async throws {
    try await withScratch { scratch in
      let tool = Tool(executable: "/bin/sh", arguments: ["-c", "ulimit -Sn"], environment: [:])
      let limited = try tool.run(as: nil, by: scratch.keeper(), files: 88)
      #expect(try await limited.run(until: .after(.seconds(30))).text == "88\n")
      #expect(limited.name == "sh")
      #expect(tool.run(as: nil, by: try scratch.keeper(), files: nil) == tool)
    }
  }

  @Test(.enabled(if: getuid() == 0)) func soHasOneOfAnotherUser() async throws {
    try await withScratch { scratch in
      let tool = Tool(
        executable: "/bin/sh", arguments: ["-c", "ulimit -Sn; id -u"],
        environment: cleanEnvironment(inherited: [:]))
      let user = ProcessUser(userID: 65534, groupID: 65534)
      let limited = try tool.run(as: user, by: scratch.keeper(), files: 99)
      #expect(try await limited.run(until: .after(.seconds(30))).text == "99\n65534\n")
    }
  }

  @Test(arguments: [
    ["--files"], ["--files", "x", "/bin/true"], ["--files", "10"], ["--other", "/bin/true"],
    ["--files", "10", "true"],
  ])
  func theKeeperRefusesWhatItDoesNotUnderstand(_ arguments: [String]) async throws {
    try await withScratch { scratch in
      let tool = Tool(executable: try scratch.keeper().executable, arguments: arguments, environment: [:])
      let error = await #expect(throws: NativeProcessError.self) {
        try await tool.run(until: .after(.seconds(30)))
      }
      #expect(error?.code == .commandFailed(.code(64)))
    }
  }

  @Test(arguments: [
    (EMFILE, false, "ulimit -n"), (ENFILE, false, "fs.file-max"), (EAGAIN, true, "ulimit -u"),
    (ENOMEM, false, "ulimit -v"),
  ])
  func aShortageSaysWhatToDo(_ number: Int32, _ ofProcess: Bool, _ word: String) {
    #expect(Shortage.remedy(number, ofProcess: ofProcess)?.contains(word) == true)
    #expect(Shortage.remedy(EACCES) == nil && Shortage.remedy(EAGAIN) == nil)
  }
}
