import AppState
import DrydockBase
import MonotonicTime
import TestInstances

/// `drydock test clone RESOURCE [HASH]`: no command of its own to the parser, which would take its words for services.
struct TestClone {
  static let verb = "clone"

  private let resource: String
  private let template: String?

  /// - Parameter words: What stands behind the verb.
  init(_ words: [String]) throws {
    guard (1...2).contains(words.count) else {
      throw DrydockError(
        .usage, "drydock test clone takes a resource, and a template's hash where it is one of those",
        suggestion: "drydock test clone mydb")
    }
    resource = words[0]
    template = words.count > 1 ? words[1] : nil
  }

  /// Prints the URL of a clean database.
  func run(_ session: Session) async throws {
    let client = try CleanDatabaseClient(resource, environment: session.context.environment)
    session.console.print(try await client.url(of: template, until: .after(.seconds(120))))
  }
}
