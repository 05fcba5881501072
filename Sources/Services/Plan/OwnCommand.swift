package import AppState
package import ConvoxManifest
import DrydockBase
import ImageBuilds

/// What the manifest has a service run, in the words by which it is started.
package enum OwnCommand: Sendable, Hashable {
  /// A list: exactly these words, which no shell sees.
  case words([String])
  /// A text, for a shell as on AWS.
  case shell(String)

  /// The command of a service; nil where it leaves that to the image.
  package init?(_ service: Service) {
    if let argv = service.argv {
      self = .words(argv)
    } else if let text = service.command {
      self = .shell(text)
    } else {
      return nil
    }
  }

  /// What a service has a process run: its own command, else what its Dockerfile says, as an engine would put it together; nil
  /// where neither says it, or the Dockerfile cannot be read.
  package init?(process service: Service, in workspace: Workspace) {
    if let own = OwnCommand(service) {
      self = own
      return
    }
    guard let stage = ServiceLook(workspace: workspace, path: nil, runtime: nil).stage(of: service) else {
      return nil
    }
    self.init(stage)
  }

  /// The command of a stage that runs.
  init?(_ stage: RunningStage) {
    guard let words = stage.arguments else { return nil }
    let isPlain = stage.entrypoint.map { $0.value == .exec([]) } ?? true
    if isPlain, stage.shell == ["/bin/sh", "-c"], case .shell(let text)? = stage.command?.value {
      self = .shell(text)
    } else {
      self = .words(words)
    }
  }

  /// The words of the program that takes drydock's place. Signals reach the command itself: a shell that only waits for
  /// it would die of them and leave it behind.
  /// - Parameter keeper: The program that stands in for a shell; nil where there is none.
  package func arguments(keeper: String?) -> [String] {
    switch self {
    case .words(let words): return words
    case .shell(let text):
      if let program = Self.oneProgram(text) { return ["/bin/sh", "-c", "exec \(program)"] }
      return (keeper.map { [$0, "--stand-in"] } ?? []) + ["/bin/sh", "-c", text]
    }
  }

  /// The text where it is one program with its arguments, which a shell can become; nil where the shell has more to do.
  private static func oneProgram(_ text: String) -> String? {
    let words = text.splitExactly(at: " ")
    guard let first = words.first, !shellWords.contains(first), !text.beginsExactly(with: "-"),
      first.unicodeScalars.allSatisfy({ isPlain($0) && $0 != "=" }),
      text.unicodeScalars.allSatisfy({ isPlain($0) || " $\"'{}".unicodeScalars.contains($0) })
    else { return nil }
    return text
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || "0123456789_./:=@%+,-".unicodeScalars.contains(scalar)
  }

  /// What a shell does itself, or begins a command of several lines by.
  private static let shellWords: Set<String> = [
    ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "echo", "elif",
    "else", "esac",
    "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for", "function", "getopts", "hash", "if",
    "jobs",
    "kill", "local", "printf", "pwd", "read", "readonly", "return", "select", "set", "shift", "source",
    "test", "then",
    "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "until",
    "wait", "while",
    "in", "let", "declare",
  ]
}
