import DrydockTestSupport
import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite("Commands that do one thing")
struct ToolTests {
  private func shell(_ script: String, _ arguments: [String] = []) -> Tool {
    Tool(
      executable: "/bin/sh", arguments: ["-c", script, "sh"] + arguments,
      environment: cleanEnvironment(inherited: [:], additions: ["SECRET": "a b=\"ä"]))
  }

  @Test func passInputAndEnvironmentAndGiveOutput() async throws {
    let tool = shell("cat; printf '%s' \"$SECRET\" >&2")
    let result = try await tool.run(input: Array("in\n".utf8), until: .after(.seconds(30)))
    #expect(result.text == "in\n")
    #expect(String(decoding: result.error, as: UTF8.self) == "a b=\"ä")
  }

  /// Bug: without a NUL at its end, a value ran on into whatever lay behind it in memory.
  @Test func giveEachVariableItsOwnEnd() async throws {
    let values = Dictionary(
      uniqueKeysWithValues: (0..<64).map { ("V\($0)", String(repeating: "x", count: $0)) })
    let tool = Tool(executable: "/usr/bin/env", environment: values)
    let lines = try await tool.run(until: .after(.seconds(30))).text.split(separator: "\n").map(String.init)
    #expect(lines.sorted() == values.map { "\($0.key)=\($0.value)" }.sorted())
  }

  /// Bug: an input that the command did not read to its end ended the whole process.
  @Test(arguments: ["/bin/true", "/bin/sleep"]) func mayLeaveTheirInputUnread(executable: String) async throws
  {
    let tool = Tool(executable: executable, arguments: ["60"], environment: [:])
    let input = [UInt8](repeating: 0x78, count: 1 << 20)
    let limit: Duration = executable == "/bin/true" ? .seconds(30) : .milliseconds(300)
    let run = Task { try await tool.run(input: input, until: .after(limit)) }
    if executable == "/bin/true" {
      #expect(try await run.value.output.isEmpty)
    } else {
      await #expect(throws: TimeoutError.self) { try await run.value }
    }
  }

  @Test func haveACleanEnvironment() async throws {
    let environment = cleanEnvironment(
      inherited: ["PGHOST": "elsewhere", "MYSQL_PWD": "x", "PATH": "/usr/bin:/bin", "LANG": "tlh"],
      home: "/tmp")
    let tool = Tool(executable: "/usr/bin/env", environment: environment)
    let lines = try await tool.run(until: .after(.seconds(30))).text.split(separator: "\n").sorted()
    #expect(lines == ["HOME=/tmp", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", "TZ=UTC"])
  }

  @Test func failWithTheLastLines() async throws {
    do {
      _ = try await shell("i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i >&2; done; exit 4")
        .run(until: .after(.seconds(30)))
      Issue.record("no error")
    } catch let error as NativeProcessError {
      #expect(error.code == .commandFailed(.code(4)))
      #expect(error.message.hasSuffix("line 49\n  line 50"))
      #expect(!error.message.contains("line 42"))
    }
  }

  @Test func tellOfSignalsAndMissingExecutables() async throws {
    let deadline = Deadline.after(.seconds(30))
    #expect(
      await code { try await shell("kill -KILL $$").run(until: deadline) } == .commandFailed(.signal(SIGKILL))
    )
    let missing = Tool(executable: "/nowhere/tool", environment: [:])
    #expect(await code { try await missing.run(until: deadline) } == .cannotExecute(ENOENT))
  }

  @Suite(.enabled(if: getuid() == 0, "only root can change its user"))
  struct AsAnotherUser {
    private let deadline = Deadline.after(.seconds(240))

    private func keeper() throws -> Keeper {
      Keeper(executable: try BuiltProducts.executable("drydock-keeper"))
    }

    @Test func haveItsNumberAndItsGroups() async throws {
      let nobody = try ProcessUser.resolve("nobody")
      let tool = Tool(
        executable: "/bin/sh", arguments: ["-c", "id -u; id -g; id -G; cat"], environment: [:],
        workingDirectory: "/")
      let output = try await tool.run(as: nobody, by: keeper()).run(
        input: Array("in".utf8), until: deadline)
      #expect(output.text == "\(nobody.userID)\n\(nobody.groupID)\n\(nobody.groupID)\nin")
    }

    @Test func tellWhatCannotBeExecuted() async throws {
      let missing = Tool(executable: "/nowhere/tool", environment: [:])
      do {
        _ = try await missing.run(as: .resolve("nobody"), by: keeper()).run(until: deadline)
        Issue.record("no error")
      } catch let error as NativeProcessError {
        #expect(error.message.contains("tool failed with exit code 127"))
        #expect(error.message.contains("cannot execute /nowhere/tool: No such file or directory"))
      }
    }

    /// Bug: a child changed its user itself, and for that its C library could wait for a thread that was just being
    /// made in drydock and that the child did not have.
    @Test func whileThreadsComeAndGo() async throws {
      let nobody = try ProcessUser.resolve("nobody")
      let isOver = DispatchSemaphore(value: 0)
      defer { isOver.signal() }
      Thread.detachNewThread {
        while isOver.wait(timeout: .now()) == .timedOut { Thread.detachNewThread {} }
      }
      let tool = try Tool(executable: "/usr/bin/id", arguments: ["-u"], environment: [:])
        .run(as: nobody, by: keeper())
      for _ in 0..<20 {
        #expect(try await tool.run(until: deadline).text == "\(nobody.userID)\n")
      }
    }
  }

  /// A grandchild in another group of the session, deaf to SIGTERM, and one that outlives its parent.
  private let family = """
    set -m
    sh -c 'trap "" TERM; echo $$ > "$0"; exec sleep 1000' "$1" &
    while [ ! -s "$1" ]; do sleep 0.01; done
    """

  @Test func leaveNothingAtTheDeadline() async throws {
    try await withScratch { scratch in
      var tool = shell(family + "\ntrap '' TERM; sleep 1000", [scratch.path("pid")])
      tool.patience = .milliseconds(50)
      await #expect(throws: TimeoutError.self) { try await tool.run(until: .after(.seconds(2))) }
      try expectGone(scratch)
    }
  }

  @Test func leaveNothingWhenCancelled() async throws {
    try await withScratch { scratch in
      let tool = shell(family + "\nsleep 1000", [scratch.path("pid")])
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) { try await tool.run(until: .after(.seconds(60))) }
        }
        try? await eventually("the grandchild") {
          FileManager.default.fileExists(atPath: scratch.path("pid"))
        }
        group.cancelAll()
      }
      try expectGone(scratch)
    }
  }

  @Test func leaveNothingAtTheirOwnEnd() async throws {
    try await withScratch { scratch in
      _ = try await shell(family, [scratch.path("pid")]).run(until: .after(.seconds(60)))
      try expectGone(scratch)
    }
  }

  /// No waiting here: all has ended by the time that the call returns.
  private func expectGone(_ scratch: Scratch) throws {
    let written = try? String(contentsOfFile: scratch.path("pid"), encoding: .utf8)
    guard let pid = Int32((written ?? "").trimmingCharacters(in: .whitespacesAndNewlines)) else { return }
    #expect(status(pid, "State").map { $0.hasPrefix("Z") } ?? true)
  }

  @Test func haveASessionOfTheirOwn() async throws {
    let text = try await shell("ps -o sid= -p $$; echo $$").run(until: .after(.seconds(30))).text
    let numbers = text.split(whereSeparator: \.isWhitespace)
    #expect(numbers.count == 2 && numbers[0] == numbers[1])
  }
}
