import DockerEngine
import DrydockBase
import Synchronization

/// The last words of a build and where it stood, for when it fails.
final class BuildLog: Sendable {
  private struct State {
    var step: BuildStep?
    var lines: [String] = []
    var assembler = LineAssembler()
  }

  private static let kept = 20
  private let state = Mutex(State())

  func take(_ event: BuildEvent) {
    state.withLock { state in
      switch event {
      case .step(let step): state.step = step
      case .text(let text):
        state.lines += state.assembler.take(text.utf8).map(\.withoutColours)
        state.lines.removeFirst(max(0, state.lines.count - Self.kept))
      case .cached, .pull: break
      }
    }
  }

  /// Why the build failed, with the line of the step.
  func failure(_ error: DockerError, exit: Int?, in file: Dockerfile, withBuildKit: Bool) -> DrydockError {
    let (step, lines) = state.withLock { ($0.step, $0.lines) }
    let line = step.flatMap { file.line(of: $0, withBuildKit: withBuildKit) }
    let place = line.map { "\(file.path):\($0)" } ?? file.path
    let what = step.map { String($0.instruction.unicodeScalars.prefix(200)) } ?? "the build"
    let message = exit.map { "\(what) ended with \($0)" } ?? error.message
    let isFull = lines.contains(where: WriteRemedy.saysDiskIsFull) || WriteRemedy.saysDiskIsFull(message)
    let remedy = error.suggestion ?? (isFull ? WriteRemedy.inDocker(nil) : nil)
    return DrydockError(
      isFull ? .cannotWrite : .failed, "\(place): \(message)", suggestion: remedy,
      details: lines.filter { !$0.isEmpty && !$0.beginsExactly(with: " --->") })
  }
}

extension Dockerfile {
  /// The line of a step: the classic builder counts every instruction of the file, BuildKit those of a stage that change
  /// files.
  func line(of step: BuildStep, withBuildKit: Bool) -> Int? {
    let keyword = step.instruction.prefix { $0 != " " }.uppercased()
    let global = globalArguments.map { ($0.keyword, $0.line) }
    let lines = withBuildKit ? layers(of: step) : global + stages.flatMap { $0.lines }
    guard lines.indices.contains(step.number - 1), lines[step.number - 1].0 == keyword else { return nil }
    return lines[step.number - 1].1
  }

  /// BuildKit names no stage where there is one only, and numbers those without a name.
  private func layers(of step: BuildStep) -> [(String, Int)] {
    let stage = stages.first { step.stage == $0.name ?? (stages.count == 1 ? nil : "stage-\($0.index)") }
    return (stage?.lines ?? []).filter { ["FROM", "RUN", "COPY", "ADD", "WORKDIR"].contains($0.0) }
  }
}

extension DockerfileStage {
  /// Its instructions' words and lines, FROM among them.
  fileprivate var lines: [(String, Int)] { [("FROM", line)] + instructions.map { ($0.keyword, $0.line) } }
}
