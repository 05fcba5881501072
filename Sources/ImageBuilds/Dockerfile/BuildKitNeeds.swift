import DrydockBase

/// Something in a Dockerfile that the classic builder cannot do.
package struct BuildKitNeed: Sendable, Hashable {
  /// The line, from 1.
  package let line: Int
  /// What it is, as it is written: `RUN --mount`.
  package let what: String
  /// Whether even BuildKit can do it only from Docker 23 on: heredocs, which its older parser takes for instructions.
  package let isHeredoc: Bool
}

extension Dockerfile {
  /// All that needs BuildKit, in the order of the file. A `# syntax=` line alone needs nothing.
  package var buildKitNeeds: [BuildKitNeed] {
    let global = globalArguments.flatMap { needs(of: $0, in: "ARG") }
    return stages.reduce(into: global) { needs, stage in
      if let platform = stage.platform, Self.platformNames.contains(where: { platform.holdsExactly($0) }) {
        needs.append(BuildKitNeed(line: stage.line, what: "FROM --platform=\(platform)", isHeredoc: false))
      }
      for instruction in stage.instructions { needs += self.needs(of: instruction, in: instruction.keyword) }
    }
  }

  private func needs(of instruction: DockerfileInstruction, in keyword: String) -> [BuildKitNeed] {
    var needs = instruction.flags
      .filter { Self.flags[keyword]?.contains($0.name) == true }
      .map { BuildKitNeed(line: instruction.line, what: "\(keyword) --\($0.name)", isHeredoc: false) }
    if case .argument(let pairs) = instruction.kind {
      needs += pairs.filter { $0.value == nil && Self.platformNames.contains($0.name) }
        .map { BuildKitNeed(line: instruction.line, what: "ARG \($0.name)", isHeredoc: false) }
    }
    if let heredoc = instruction.heredocs.first {
      needs.append(
        BuildKitNeed(line: instruction.line, what: "\(keyword) <<\(heredoc.name)", isHeredoc: true))
    }
    return needs
  }

  private static let flags: [String: Set<String>] = [
    "RUN": ["mount", "network", "security", "device"],
    "COPY": ["link", "chmod", "parents", "exclude"],
    "ADD": ["link", "chmod", "checksum", "keep-git-dir", "exclude", "unpack"],
  ]

  private static let platformNames: Set<String> = [
    "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH",
    "BUILDVARIANT", "TARGETSTAGE",
  ]
}

extension DockerfileInstruction {
  /// The instruction's word.
  package var keyword: String {
    switch kind {
    case .from: "FROM"
    case .argument: "ARG"
    case .environment: "ENV"
    case .workingDirectory: "WORKDIR"
    case .copy: "COPY"
    case .add: "ADD"
    case .run: "RUN"
    case .command: "CMD"
    case .entrypoint: "ENTRYPOINT"
    case .user: "USER"
    case .expose: "EXPOSE"
    case .stopSignal: "STOPSIGNAL"
    case .shell: "SHELL"
    case .label: "LABEL"
    case .volume: "VOLUME"
    case .healthcheck: "HEALTHCHECK"
    case .onBuild: "ONBUILD"
    case .maintainer: "MAINTAINER"
    }
  }
}
