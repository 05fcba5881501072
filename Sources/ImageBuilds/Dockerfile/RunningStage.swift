/// What an image is known to have before a Dockerfile adds to it.
package struct BaseImage: Sendable, Hashable {
  /// Its variables.
  package var environment: [String: String]
  /// Its working directory; empty for `/`.
  package var workingDirectory: String
  /// Whom it runs as; empty for root.
  package var user: String
  /// Its arguments; nil for none.
  package var command: [String]?
  /// Its program; nil for none.
  package var entrypoint: [String]?

  /// An image, by default one that says nothing.
  package init(
    environment: [String: String] = [:], workingDirectory: String = "", user: String = "",
    command: [String]? = nil, entrypoint: [String]? = nil
  ) {
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.user = user
    self.command = command
    self.entrypoint = entrypoint
  }
}

/// The stage that is built and run, with all that it stands on.
package struct RunningStage: Sendable, Hashable {
  /// A value with the line it comes from; nil for one of the base image.
  package struct Located<Value: Sendable & Hashable>: Sendable, Hashable {
    /// What it is.
    package let value: Value
    /// The line, from 1.
    package let line: Int?
  }

  /// The file as messages name it.
  package let path: String
  /// The stage itself, the last of the chain.
  package let stage: DockerfileStage
  /// The image under the lowest stage, `scratch` for none.
  package let base: String
  /// What ENV sets, in order, the base image's not among it; a later value replaces an earlier one in its place.
  package internal(set) var environment: [DockerfileInstruction.Pair] = []
  /// Where the command runs: absolute, below `/` where the base image is unknown.
  package internal(set) var workingDirectory: String
  /// The last CMD that counts.
  package internal(set) var command: Located<DockerfileCommand>?
  /// The last ENTRYPOINT.
  package internal(set) var entrypoint: Located<DockerfileCommand>?
  /// What the shell forms are given to.
  package internal(set) var shell = ["/bin/sh", "-c"]
  /// Whom it runs as: a name or number, perhaps with `:group`; empty for root.
  package internal(set) var user: String
  /// What ends it, such as `SIGINT`.
  package internal(set) var stopSignal: String?
  /// The ports of EXPOSE, such as `3000` or `53/udp`.
  package internal(set) var exposedPorts: [String] = []
  /// What is copied in from the build's context, in order.
  package internal(set) var copies: [ContextCopy] = []
  /// What is copied in from other stages and images.
  package internal(set) var stageCopies: [StageCopy] = []
  /// What other stages, from which something is copied in, get from the build's context.
  package internal(set) var foreignCopies: [ForeignCopy] = []

  /// Program and arguments as the engine would run them; nil where neither the file nor the base image says.
  package var arguments: [String]? {
    let arguments = command?.value.arguments(shell: shell)
    guard let entrypoint, entrypoint.value != .exec([]) else {
      return arguments.flatMap { $0.isEmpty ? nil : $0 }
    }
    // A shell as entrypoint passes on nothing.
    if case .shell = entrypoint.value { return entrypoint.value.arguments(shell: shell) }
    return entrypoint.value.arguments(shell: shell) + (arguments ?? [])
  }

  /// Where the app's tree lies in the image: the destination of `COPY . DEST`, where that stands there exactly once.
  package var treeDestination: String? {
    let trees = copies.filter { copy in copy.sources.contains { ContextCopy.cleaned($0).isEmpty } }
    guard trees.count == 1, trees[0].sources.count == 1 else { return nil }
    return trees[0].destination
  }
}

/// COPY or ADD of something from the build's context.
package struct ContextCopy: Sendable, Hashable {
  /// The line, from 1.
  package let line: Int
  /// What is copied, relative to the context; may have wildcards.
  package let sources: [String]
  /// Where to: absolute, without a slash at its end.
  package let destination: String
  /// Whether the destination is a folder also for a single file.
  package let isIntoFolder: Bool
  /// What `--chown` says: `user`, `user:group`, names or numbers; nil for root.
  package let owner: String?
  /// What `--chmod` says; nil for the modes that the files have.
  package let mode: String?
  /// The line of the first RUN behind it, which may have made something of what was copied.
  package internal(set) var runBehind: Int?
  /// Whether it is an ADD, which unpacks archives.
  package let isAdd: Bool

  /// Whether a changed file can go straight to where it was copied to.
  package var isLive: Bool { runBehind == nil }
}

/// COPY or ADD in a stage that does not run, but of which something is copied into the one that does.
package struct ForeignCopy: Sendable, Hashable {
  /// What the other stage gets.
  package let copy: ContextCopy
  /// The line of the COPY --from that takes something of it.
  package let line: Int
}

/// COPY of something that another stage or image has.
package struct StageCopy: Sendable, Hashable {
  /// The line, from 1.
  package let line: Int
  /// The stage's name or number, or an image.
  package let from: String
  /// The stage; nil for an image.
  package let stage: Int?
}
