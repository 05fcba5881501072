/// An instruction of a Dockerfile.
package struct DockerfileInstruction: Sendable, Hashable {
  /// The line on which it begins, from 1.
  package let line: Int
  /// The last of its lines, without its heredocs.
  let lastLine: Int
  /// What it says.
  package let kind: Kind
  /// Its flags in order, `--mount=type=cache,target=/x` as `mount` with its value; nil for one without a value.
  package let flags: [Flag]
  /// The texts behind it.
  package let heredocs: [Heredoc]

  /// A flag of an instruction.
  package struct Flag: Sendable, Hashable {
    /// The name without its dashes.
    package let name: String
    /// What stands behind the equals sign.
    package let value: String?
  }

  /// A name and, perhaps, a value, as they are written: quotes and variables are still in it.
  package struct Pair: Sendable, Hashable {
    /// The name.
    package let name: String
    /// The value.
    package let value: String?
  }

  /// What an instruction says. Texts are as they are written, variables and all.
  package enum Kind: Sendable, Hashable {
    /// The image or stage, and the name behind AS.
    case from(String, name: String?)
    case argument([Pair])
    case environment([Pair])
    case workingDirectory(String)
    /// Sources, and where they go; heredocs are among the sources, as `<<NAME`.
    case copy(sources: [String], destination: String)
    /// Likewise; sources may be addresses and archives, which are unpacked.
    case add(sources: [String], destination: String)
    case run(DockerfileCommand)
    case command(DockerfileCommand)
    case entrypoint(DockerfileCommand)
    case user(String)
    case expose([String])
    case stopSignal(String)
    case shell([String])
    case label([Pair])
    case volume([String])
    case healthcheck(String)
    case onBuild(String)
    case maintainer(String)
  }

  /// The value of a flag; nil where it is absent or has none.
  package func flag(_ name: String) -> String? { flags.last { $0.name == name }?.value }
}

/// What RUN, CMD and ENTRYPOINT run.
package enum DockerfileCommand: Sendable, Hashable {
  /// Given to a shell: `CMD bin/web --port $PORT`.
  case shell(String)
  /// Program and arguments: `CMD ["bin/web"]`.
  case exec([String])

  /// Program and arguments.
  /// - Parameter shell: What reads the first form, from SHELL.
  package func arguments(shell: [String] = ["/bin/sh", "-c"]) -> [String] {
    switch self {
    case .shell(let text): shell + [text]
    case .exec(let words): words
    }
  }
}
