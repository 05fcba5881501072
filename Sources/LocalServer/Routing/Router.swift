import NIOHTTP1

/// Finds the route of a request.
struct Router: Sendable {
  let routes: [Route]
  let name: ServerName

  /// The route, and the request with what the route's pattern found in its path.
  /// - Throws: `HTTPFailure` where nothing is there, or nothing for that method.
  func match(_ request: Request) throws -> (route: Route, request: Request) {
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
}
