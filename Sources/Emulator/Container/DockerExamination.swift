import DockerEngine

/// The part of `doctor` that looks for Docker engines.
struct DockerExamination: Sendable {
  let environment: [String: String]

  func run() async -> [Examination.Finding] { [] }
}
