import ConvoxManifest
import DrydockBase
import Essentials
import HealthProbes
package import MonotonicTime
import Synchronization

/// Asks the `drydock test` in whose command this process runs for a clean database.
package struct CleanDatabaseClient: Sendable {
  private let resource: String
  private let address: URLComponents

  private static let ending = "_INTEGRESQL_URL"

  /// The variable by which the clean databases of a resource are found.
  package static func variable(of resource: String) -> String {
    Resource.environmentPrefix(of: resource) + ending
  }

  /// A client for a resource.
  /// - Parameter environment: This process's variables.
  /// - Throws: `DrydockError` where no `drydock test` gives databases of that resource.
  package init(_ resource: String, environment: [String: String]) throws {
    self.resource = resource
    let name = Self.variable(of: resource)
    guard let text = environment[name], let address = URLComponents(string: text), address.host == "127.0.0.1"
    else {
      let others = environment.keys.filter { $0.hasSuffix(Self.ending) }.sorted()
      throw DrydockError(
        .usage, "there are no clean databases of \(resource) here: \(name) is not set",
        suggestion: others.isEmpty
          ? "it is for what drydock test runs, or beside one that is held: drydock test serve"
          : "there are some by \(others.joined(separator: ", "))")
    }
    self.address = address
  }

  /// The URL of a database that nobody else gets.
  /// - Parameter template: The hash of a finalized template; nil for the app's own database as it is when the first one is
  ///   asked for.
  /// - Throws: `DrydockError`.
  package func url(of template: String?, until deadline: Deadline) async throws -> String {
    var target = address
    target.path += "/drydock/clone"
    target.queryItems = template.map { [URLQueryItem(name: "template", value: $0)] }
    let (status, body) = try await get(target, until: deadline)
    guard status != 200 else { return body.trimmed() }
    let answer = try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))
    throw DrydockError(
      .failed, "no clean database of \(resource): \(answer?["message"] ?? body)",
      suggestion: template == nil ? "close what is connected to \(resource) before the first clone" : nil)
  }

  private func get(_ target: URLComponents, until deadline: Deadline) async throws -> (Int, String) {
    let path = target.percentEncodedPath + (target.percentEncodedQuery.map { "?\($0)" } ?? "")
    let request = Mutex<[UInt8]?>(
      Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
    let answer = Mutex<[UInt8]>([])
    let conversation = LineConversation(with: ProbeTarget(port: target.port ?? 80))
    do {
      try await withDeadline(deadline, "a clean database") {
        try await conversation.run(farewell: "") {
          request.withLock { $0.take() }
        } output: { bytes in
          answer.withLock { $0 += bytes }
        }
      }
    } catch let failure as ProbeFailure {
      throw DrydockError(
        .unavailable, "no clean database of \(resource): \(failure)",
        suggestion: "is the drydock test still there whose variables these are?")
    }
    let text = answer.withLock { String(decoding: $0, as: UTF8.self) }
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
    let status = parts.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (status ?? 0, parts.count > 1 ? String(parts[1]) : "")
  }
}
