import Foundation

/// Whether this system can keep a process from writing elsewhere, as the keeper has it do with engines.
package enum Landlock {
  /// Asked of the kernel by Python, since Swift knows no call without a function of its own.
  package static let isAvailable: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", "import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 2)",
    ]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// A command that may make no devices, and so, as the kernel has it, mount nothing.
  package static func confined(_ words: [String]) -> [String] {
    let script = """
      import ctypes, os, struct, sys
      libc = ctypes.CDLL(None, use_errno=True)
      handled = struct.pack("Q", 1 << 11)
      rules = libc.syscall(444, handled, len(handled), 0)
      if rules < 0 or libc.prctl(38, 1, 0, 0, 0) or libc.syscall(446, rules, 0): sys.exit("no landlock")
      os.execvp(sys.argv[1], sys.argv[1:])
      """
    return ["python3", "-c", script] + words
  }
}
