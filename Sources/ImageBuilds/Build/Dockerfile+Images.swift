import DrydockBase

extension Dockerfile {
  /// The images that building a stage begins with, those of COPY --from among them, each once.
  func images(upTo target: DockerfileStage, _ arguments: [String: String]) throws(DockerfileError) -> [String]
  {
    var images: [String] = []
    for stage in stages[...target.index] {
      images.append(try base(of: stage, arguments))
      for instruction in stage.instructions {
        guard case .copy = instruction.kind, let from = instruction.flag("from") else { continue }
        images.append(try base(named: from, before: stage, line: instruction.line, arguments))
      }
    }
    var seen: Set<String> = ["", "scratch"]
    return images.filter { seen.insert($0).inserted }
  }
}
