package import NIOHTTP1

/// What the server does for a method and a pattern of paths.
package struct Route: Sendable {
  /// Answers a request.
  package typealias Handler = @Sendable @concurrent (Request, inout RequestBody) async throws -> Reply
  /// Checks a request and says how its conversation goes on. What it throws is told to the client instead of one.
  package typealias SocketHandler = @Sendable (Request) async throws -> Conversing
  /// Carries a websocket's conversation on.
  package typealias Conversing = @Sendable @concurrent (WebSocketStream) async throws -> Void

  /// What is done.
  package enum Action: Sendable {
    /// An answer to a request.
    case reply(Handler)
    /// A conversation over a websocket.
    case socket(SocketHandler)
  }

  let method: HTTPMethod
  /// The path's parts; `:name` takes any, and a last `*` all that follow, if any, which is the variable `*`.
  let pattern: [String]
  let action: Action

  /// A route.
  package init(_ method: HTTPMethod, _ pattern: String, _ action: Action) {
    self.method = method
    self.pattern = pattern.split(separator: "/").map(String.init)
    self.action = action
  }

  /// A route of GET.
  package static func get(_ pattern: String, _ handler: @escaping Handler) -> Route {
    Route(.GET, pattern, .reply(handler))
  }

  /// A route of POST.
  package static func post(_ pattern: String, _ handler: @escaping Handler) -> Route {
    Route(.POST, pattern, .reply(handler))
  }

  /// A route of PUT.
  package static func put(_ pattern: String, _ handler: @escaping Handler) -> Route {
    Route(.PUT, pattern, .reply(handler))
  }

  /// A route of DELETE.
  package static func delete(_ pattern: String, _ handler: @escaping Handler) -> Route {
    Route(.DELETE, pattern, .reply(handler))
  }

  /// A route of OPTIONS.
  package static func options(_ pattern: String, _ handler: @escaping Handler) -> Route {
    Route(.OPTIONS, pattern, .reply(handler))
  }

  /// A route that becomes a websocket.
  package static func socket(_ pattern: String, _ handler: @escaping SocketHandler) -> Route {
    Route(.GET, pattern, .socket(handler))
  }

  /// Where the pattern has a variable of which the path has nothing; nil for another path, or one that has all.
  func emptyName(in path: [String]) -> Int? {
    guard variables(in: path) != nil else { return nil }
    return zip(pattern, path).enumerated().first { $1.0.hasPrefix(":") && $1.1.isEmpty }?.offset
  }

  /// The values of the pattern's variables; nil for another path.
  func variables(in path: [String]) -> [String: String]? {
    var variables: [String: String] = [:]
    for (index, part) in pattern.enumerated() {
      if part == "*" {
        variables["*"] = path.dropFirst(index).joined(separator: "/")
        return variables
      }
      guard index < path.count else { return nil }
      if part.hasPrefix(":") {
        variables[String(part.dropFirst())] = path[index]
      } else if part != path[index] {
        return nil
      }
    }
    return path.count == pattern.count ? variables : nil
  }
}
