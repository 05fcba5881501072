import NIOHTTP1

/// Finds the route of a request.
struct Router: Sendable {
  let routes: [Route]
  let name: ServerName

  /// The route, and the request with what the route's pattern found in its path.
  /// - Throws: `HTTPFailure` where nothing is there, or nothing for that method.
  func match(_ request: Request) throws -> (route: Route, request: Request) {
    if let socket = socket(request) { return socket }
    try refuseEmptyNames(in: request)
    var allowed: [String] = []
    for route in routes {
      guard let variables = route.variables(in: request.path) else { continue }
      guard route.method == request.method else {
        allowed.append(route.method.rawValue)
        continue
      }
      var request = request
      request.variables = variables
      return (route, request)
    }
    let path = "/" + request.path.joined(separator: "/")
    guard allowed.isEmpty else {
      throw HTTPFailure(
        .methodNotAllowed, "\(path) takes \(Set(allowed).sorted().joined(separator: ", ")) only")
    }
    throw HTTPFailure(.notFound, "this \(name.text) has no \(request.method.rawValue) \(path)")
  }

  /// The websocket whose path it is, where a name in that is empty: its own conversation says what is not there, in the form
  /// that its client reads.
  private func socket(_ request: Request) -> (route: Route, request: Request)? {
    guard request.parts.count != request.path.count else { return nil }
    for route in routes where route.method == request.method {
      guard case .socket = route.action, let variables = route.variables(in: request.parts) else { continue }
      var request = request
      request.variables = variables
      return (route, request)
    }
    return nil
  }

  /// Without its empty part a path is another one: about all of a kind, or about something else.
  private func refuseEmptyNames(in request: Request) throws {
    guard request.parts.count != request.path.count else { return }
    for route in routes where route.method == request.method {
      guard let index = route.emptyName(in: request.parts) else { continue }
      let kind = index > 0 ? "which of the \(route.pattern[index - 1]) is meant" : "what is meant"
      throw HTTPFailure(.badRequest, "a name is empty: say \(kind)")
    }
  }
}
