import Essentials

/// How an image is built.
package struct BuildOptions: Sendable, Hashable {
  /// The Dockerfile, by its path in the context.
  package var dockerfile = "Dockerfile"
  /// The names that the image gets.
  package var tags: [String] = []
  /// The stage that is built; nil for the last.
  package var target: String?
  /// The build's arguments. Whoever may see the image's history sees them.
  package var arguments: [String: String] = [:]
  package var labels: [String: String] = [:]
  /// Whether every step is carried out, be its result there or not.
  package var ignoresCache = false
  /// The network that RUN has; nil for the engine's choice.
  package var networkMode: String?
  package var platform: Platform?
  /// Whether BuildKit builds it, rather than the classic builder.
  package var usesBuildKit = false

  /// The defaults: the context's own Dockerfile, by the classic builder.
  package init() {}

  func query() throws -> [(name: String, value: String?)] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func json(_ values: [String: String]) throws -> String? {
      values.isEmpty ? nil : String(decoding: try encoder.encode(values), as: UTF8.self)
    }
    return [
      ("dockerfile", dockerfile), ("target", target), ("buildargs", try json(arguments)),
      ("labels", try json(labels)), ("nocache", ignoresCache ? "1" : nil), ("networkmode", networkMode),
      ("platform", platform?.description), ("rm", "1"), ("forcerm", "1"),
      ("version", usesBuildKit ? "2" : nil),
    ] + tags.map { ("t", $0) }
  }
}

/// A step of a build.
package struct BuildStep: Sendable, Hashable {
  /// Its number, from 1.
  package let number: Int
  /// How many there are.
  package let total: Int
  /// The stage that it belongs to, where BuildKit names one: its steps are counted by stage.
  package let stage: String?
  /// The instruction, as the builder shows it.
  package let instruction: String

  /// A step from its parts.
  package init(number: Int, total: Int, stage: String? = nil, instruction: String) {
    self.number = number
    self.total = total
    self.stage = stage
    self.instruction = instruction
  }
}

/// Something that a build tells.
package enum BuildEvent: Sendable, Hashable {
  /// A step begins; with BuildKit several run at once.
  case step(BuildStep)
  /// A step's result was there from an earlier build.
  case cached(BuildStep)
  /// An image of a FROM is being got.
  case pull(PullProgress)
  /// Some of the build's log, line breaks included. All of it together is the log.
  case text(String)
}
