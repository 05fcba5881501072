import DrydockBase

/// A Dockerfile, read but not carried out.
package struct Dockerfile: Sendable, Hashable {
  /// The file as messages name it.
  package let path: String
  /// The frontend that `# syntax=` wants, with its line.
  package let syntax: Syntax?
  /// What stands before the first stage: ARG alone.
  package let globalArguments: [DockerfileInstruction]
  /// Its stages, at least one.
  package let stages: [DockerfileStage]
  /// The escape character: a backslash, unless `# escape=` says otherwise.
  let escape: UInt8
  /// The line of `# escape=`, from 1.
  let escapeLine: Int?

  /// A frontend's image.
  package struct Syntax: Sendable, Hashable {
    /// The image that would read the file.
    package let image: String
    /// The line of the directive, from 1.
    package let line: Int
  }

  /// The longest file that is read, in bytes.
  package static let limit = 1 << 20
  /// The most instructions that are read.
  private static let instructionLimit = 10_000

  /// Reads a file.
  /// - Parameter path: What messages call it.
  package init(_ bytes: [UInt8], path: String) throws(DockerfileError) {
    guard bytes.count <= Self.limit else {
      throw DockerfileError(path, line: 0, "it has more than \(Self.limit) bytes")
    }
    let lines = try DockerfileLines(bytes, path: path)
    guard lines.instructions.count <= Self.instructionLimit else {
      throw DockerfileError(path, line: 0, "it has more than \(Self.instructionLimit) instructions")
    }
    self.path = path
    escape = lines.escape
    escapeLine = lines.directives["escape"]?.line
    syntax = lines.directives["syntax"].map { Syntax(image: $0.value, line: $0.line) }
    var globals: [DockerfileInstruction] = []
    var stages: [DockerfileStage] = []
    for line in lines.instructions {
      let instruction = try InstructionReader(path: path, escape: escape, line: line).read()
      if case .from(let base, let name) = instruction.kind {
        stages.append(
          DockerfileStage(
            index: stages.count, name: name, base: base, platform: instruction.flag("platform"),
            line: instruction.line))
      } else if stages.isEmpty {
        guard case .argument = instruction.kind else {
          throw DockerfileError(path, line: line.line, "only ARG may stand before the first FROM")
        }
        globals.append(instruction)
      } else {
        stages[stages.count - 1].instructions.append(instruction)
      }
    }
    guard !stages.isEmpty else {
      throw DockerfileError(path, line: 0, "it has no FROM", suggestion: "begin it with FROM and an image")
    }
    globalArguments = globals
    self.stages = stages
  }

  /// The stage of a name, in any case of letters; of several the last, as the engine has it.
  package func stage(named name: String) -> DockerfileStage? {
    stages.last { $0.name == name.lowercased() }
  }

  /// The stage that is built.
  /// - Parameter development: Whether a stage named `development` goes before the last one.
  package func target(development: Bool) -> DockerfileStage {
    (development ? stage(named: Self.developmentStage) : nil) ?? stages[stages.count - 1]
  }

  /// The name that Convox gives the stage of a build for development.
  package static let developmentStage = "development"

  /// Every ARG of the file with its line, in order.
  package var arguments: [(name: String, line: Int)] {
    (globalArguments + stages.flatMap(\.instructions)).flatMap { instruction -> [(String, Int)] in
      guard case .argument(let pairs) = instruction.kind else { return [] }
      return pairs.map { ($0.name, instruction.line) }
    }
  }

  /// The build's arguments by Convox's rule: each ARG whose name is in the app's environment, and what the manifest gives.
  /// - Parameter written: `KEY=value`, or `KEY` for the environment's value.
  package func buildArguments(from environment: [String: String], written: [String] = []) -> [String: String]
  {
    var values: [String: String] = [:]
    for (name, _) in arguments where environment[name] != nil { values[name] = environment[name] }
    for argument in written {
      let pair = argument.pairExactly(at: "=")
      values[pair?.head ?? argument] = pair?.tail ?? environment[argument]
    }
    return values
  }
}

/// What begins with a FROM.
package struct DockerfileStage: Sendable, Hashable {
  /// Its place in the file, from 0.
  package let index: Int
  /// Its name behind AS, in small letters.
  package let name: String?
  /// The image or stage that it begins with, variables and all.
  package let base: String
  /// What `--platform` says, variables and all.
  package let platform: String?
  /// The line of its FROM, from 1.
  package let line: Int
  /// What follows the FROM.
  package internal(set) var instructions: [DockerfileInstruction] = []
}
