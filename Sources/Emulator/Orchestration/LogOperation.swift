package import AppState
import DrydockBase
import Engines
import Servers

/// `logs`: what the engines wrote.
package struct LogOperation: Sendable {
  /// The servers whose logs are shown.
  package let names: [String]
  private let runtime: (any Runtime)?

  /// The logs of an instance's servers, or of the selected ones.
  package init(context: DrydockContext, instance: InstanceState, selected: [String]) async throws {
    let known = instance.resources.keys.sorted()
    for name in selected where !known.contains(name) {
      throw UnknownName.error("resource", name, known: known)
    }
    self.names = (selected.isEmpty ? known : selected).filter { name in
      instance.resources[name].flatMap { context.catalog.server($0.type) } != nil
    }
    self.runtime = try await instance.runtime.asyncMap {
      try await RuntimeAccess(context: context, state: instance).runtime($0)
    }
  }

  /// The last lines of each log, one server after the other.
  package func lines(_ count: Int) async throws -> [(resource: String, line: String)] {
    guard let runtime else { return [] }
    var lines: [(String, String)] = []
    for name in names { lines += try await runtime.log(name, lines: count).map { (name, $0) } }
    return lines
  }

  /// Goes on with every log at once until cancelled.
  package func follow(
    lines: Int, each: @escaping @Sendable (_ resource: String, _ line: String) -> Void
  ) async throws {
    guard let runtime else { return }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in names {
        group.addTask { try await runtime.follow(name, lines: lines) { each(name, $0) } }
      }
      try await group.waitForAll()
    }
  }
}
