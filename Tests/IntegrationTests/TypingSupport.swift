import DrydockTestSupport
import Foundation

extension AppFixture {
  /// Runs drydock on a terminal of 33 lines of 111 columns, where each text that appears is answered by keys, in order.
  /// - Returns: What the terminal showed, and drydock's status.
  func typing(_ answers: [(shown: String, keys: String)], _ words: String...) async throws -> CommandResult {
    let pairs = try JSONEncoder().encode(answers.map { [$0.shown, $0.keys] })
    let drydock = try drydockPath ?? BuiltProducts.executable("drydock")
    return try await start(
      ["/usr/bin/python3", "-c", typist, String(decoding: pairs, as: UTF8.self), drydock] + words, tool: true
    ).result()
  }
}

private let typist = """
  import fcntl, json, os, pty, signal, struct, sys, termios
  answers, words = json.loads(sys.argv[1]), sys.argv[2:]
  pid, end = pty.fork()
  if pid == 0:
      fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
      os.execvp(words[0], words)
  signal.alarm(230)
  shown, seen = b"", 0
  while True:
      try: piece = os.read(end, 4096)
      except OSError: break
      if not piece: break
      shown += piece
      while answers and (place := shown.find(answers[0][0].encode(), seen)) >= 0:
          seen = place + len(answers[0][0].encode())
          os.write(end, answers.pop(0)[1].encode())
  sys.stdout.buffer.write(shown)
  sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
  """
