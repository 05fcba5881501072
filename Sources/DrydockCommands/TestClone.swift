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

  /// Prints the URL of a clean database: of the run in whose command this is, else of the instance that is served for this
  /// folder.
  func run(_ session: Session) async throws {
    var environment = session.context.environment
    if environment[CleanDatabaseClient.variable(of: resource)] == nil, let served = try served(session) {
      environment.merge(served.variables) { $1 }
    }
    let client = try CleanDatabaseClient(resource, environment: environment)
    session.console.print(try await client.url(of: template, until: .after(.seconds(120))))
  }

  private func served(_ session: Session) throws -> ServedInstance? {
    guard let path = try? session.workspace().folder.path else { return nil }
    let found = ThrowAwayFolders(home: session.context.home).served().filter { $0.path == path }
    guard found.count < 2 else {
      throw DrydockError(
        .usage, "several drydock test serve are there for \(path)",
        suggestion: "say which one by its variables: . \(found[0].shellFile)",
        details: found.map(\.folder))
    }
    return found.first
  }
}
