import Foundation
import MonotonicTime
import NativeProcess
import Testing

#if os(Linux)
  @Suite("A keeper that stands in for a shell")
  struct StandInTests {
    /// A program that heeds SIGTERM and SIGUSR1, and ends by itself in the end.
    private static let server = """
      trap 'echo caught; exit 5' TERM
      trap 'echo asked; exit 6' USR1
      echo ready
      n=0
      while [ $n -lt 600 ]; do sleep 0.05; n=$((n + 1)); done
      """

    /// Starts the stand-in for a shell's text, sends a signal once it is ready, and waits.
    private static let caller = """
      "$1" --stand-in /bin/sh -c "$2" > out & process=$!
      until grep -qs ready out; do sleep 0.02; done
      kill -"$3" $process
      wait $process
      echo $? $(cat out)
      """

    private func outcome(_ script: String, _ arguments: [String], in scratch: Scratch) async throws -> String
    {
      let keeper = try scratch.keeper().executable
      let words = ["-c", "cd \"$1\"; shift; \(script)", "sh", scratch.folder, keeper]
      let tool = Tool(
        executable: "/bin/sh", arguments: words + arguments, environment: cleanEnvironment(inherited: [:]))
      return try await tool.run(until: .after(.seconds(60))).text
    }

    @Test(arguments: [
      ("sh server; true", "TERM", "5 ready caught\n"), ("cd . && sh server", "TERM", "5 ready caught\n"),
      ("A=1 sh server", "TERM", "5 ready caught\n"), ("sh server & wait", "TERM", "5 ready caught\n"),
      ("if true; then sh server; fi", "TERM", "5 ready caught\n"),
      // A shell that handles it itself has its own say.
      ("trap 'exit 7' TERM; sh server & wait; wait", "TERM", "7 ready caught\n"),
      // What is a request to a program does not end the shell that waits for it.
      ("sh server; echo after $?", "USR1", "0 ready asked after 6\n"),
      ("echo ready; sleep 60; true", "TERM", "143 ready\n"),
    ])
    func signalsReachWhatAShellRuns(text: String, signal: String, expected: String) async throws {
      try await withScratch { scratch in
        try Data(Self.server.utf8).write(to: URL(filePath: scratch.path("server")))
        #expect(try await outcome(Self.caller, [text, signal], in: scratch) == expected)
      }
    }

    @Test(arguments: [
      ("exit 3", "3\n"), ("kill -KILL $$", "137\n"), ("cat; true", "in\n0\n"),
      ("sleep 1 >/dev/null 2>&1 & true", "0\n"),
    ])
    func itEndsAsTheShellDoes(text: String, expected: String) async throws {
      try await withScratch { scratch in
        let script = "echo in | { \"$1\" --stand-in /bin/sh -c \"$2\"; echo $?; }"
        let ending = try await outcome(script, [text], in: scratch)
        #expect(ending == expected)
      }
    }
  }
#endif
