import Containers
import DockerEngine
import DrydockBase
import MonotonicTime
import Servers

/// The part of `doctor` that looks for Docker engines: every endpoint that was tried, and why it failed.
struct DockerExamination: Sendable {
  let environment: [String: String]

  func run() async -> [Examination.Finding] {
    let result = await DockerAccess(environment: environment).discover()
    let found = result.attempts.compactMap { attempt -> Examination.Finding? in
      let place = "\(attempt.candidate.origin), \(attempt.candidate.address)"
      switch attempt.outcome {
      case .answered(let version, let apiVersion):
        return Examination.Finding(
          subject: "docker", verdict: .fine, detail: "engine \(version), API \(apiVersion) (\(place))")
      case .unavailable(.notInstalled, _):
        return nil
      case .unavailable(_, let reason):
        return Examination.Finding(subject: "docker", verdict: .warning, detail: "\(reason) (\(place))")
      }
    }
    if let client = result.client {
      let soon = Deadline.after(.seconds(2))
      // An engine that does not tell is as the ping found it.
      guard let name = try? await OwnContainer.ofThisProcess.outOfReach(of: client, until: soon) else {
        return found
      }
      let error = OwnContainer.outOfReach(name)
      return found + [
        Examination.Finding(
          subject: "docker", verdict: .warning, detail: error.message, remedy: error.suggestion)
      ]
    }
    guard let error = result.error else { return found }
    // One way that was tried says what the error says.
    return (found.count > 1 ? found : []) + [
      Examination.Finding(
        subject: "docker", verdict: .missing, detail: error.message, remedy: error.suggestion)
    ]
  }
}
