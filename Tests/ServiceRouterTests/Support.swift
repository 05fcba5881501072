import DrydockTestSupport
import MonotonicTime
import Testing

@testable import ServiceRouter

/// Runs `body` with a router in front of those ports of this machine; afterwards the router is closed.
func withRouter<Value: Sendable>(
  to ports: [Int], _ change: (inout RouterOptions) -> Void = { _ in },
  _ body: @escaping @Sendable @concurrent (ServiceRouter) async throws -> Value
) async throws -> Value {
  var options = RouterOptions(service: "web")
  change(&options)
  let router = try await ServiceRouter.listen(port: 0, options)
  router.setCondition(.running)
  router.setBackends(backends(ports))
  let result: Result<Value, any Error>
  do {
    result = .success(
      try await withDeadline(.after(socketPatience), "the test's end") { try await body(router) })
  } catch {
    result = .failure(error)
  }
  await router.close()
  return try result.get()
}

func backends(_ ports: [Int]) -> [Backend] {
  ports.enumerated().map { Backend(id: "web.\($0.offset + 1)", port: $0.element) }
}

/// Runs `body` with a router in front of a server that tells by `serve` what it does with each connection.
func withReplica<Value: Sendable>(
  _ serve: @escaping @Sendable @concurrent (inout Wire, Int) async throws -> Void,
  _ body: @escaping @Sendable @concurrent (ServiceRouter) async throws -> Value
) async throws -> Value {
  try await withWireServer(serve) { port in try await withRouter(to: [port]) { try await body($0) } }
}

/// Answers every request with what came: the first line, the fields in order of their names, the body.
@Sendable @concurrent func echo(_ wire: inout Wire, _ number: Int) async throws {
  while let request = try await wire.request() {
    try await wire.answer(described(request))
  }
}

func described(_ request: WireRequest) -> String {
  let fields = request.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
  return ([request.line] + fields + [""] + request.trailers + [request.text]).joined(separator: "\n")
}

/// One exchange on a connection of its own: sends the text as it is.
func exchange(_ text: String, port: Int) async throws -> WireResponse {
  try await Wire.connect(port: port) { wire in
    try await wire.send(text)
    return try #require(try await wire.response())
  }
}

/// All that comes on a connection of its own, to its end.
/// - Parameter ends: Whether the client ends its side behind the text.
func conversation(_ text: String, port: Int, ends: Bool = false) async throws -> String {
  try await Wire.connect(port: port) { wire in
    try await wire.send(text)
    if ends { wire.finish() }
    return String(decoding: try await wire.rest(), as: UTF8.self)
  }
}

func get(_ path: String = "/", _ more: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: a\r\n\(more)\r\n"
}
