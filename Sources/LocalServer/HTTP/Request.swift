import DrydockBase
package import NIOHTTP1

/// The head of a request, taken apart.
package struct Request: Sendable {
  let method: HTTPMethod
  /// The decoded parts of the path, without empty ones.
  let path: [String]
  /// The same with its empty parts: those of a name that somebody left empty.
  let parts: [String]
  /// The query's values; of a name that stands there twice the last.
  package let query: [String: String]
  /// The head's fields.
  package let headers: HTTPHeaders
  /// What the route's pattern found in the path.
  var variables: [String: String] = [:]

  /// - Throws: `HTTPFailure` for a target that is no path, too long or wrongly encoded.
  init(_ head: HTTPRequestHead, limits: Limits) throws {
    guard head.uri.utf8.count <= limits.target else { throw HTTPFailure(.uriTooLong, "the path is too long") }
    guard head.uri.beginsExactly(with: "/") else {
      throw HTTPFailure(.badRequest, "the target has to be a path")
    }
    let split = head.uri.splitExactly(at: "?", maxSplits: 1, omittingEmpty: false)
    parts = try split[0].splitExactly(at: "/", omittingEmpty: false).dropFirst().map { part in
      guard let text = FormValues.decoded(part, plusIsSpace: false), !text.utf8.contains(0) else {
        throw HTTPFailure(.badRequest, "the path is wrongly encoded")
      }
      return text
    }
    path = parts.filter { !$0.isEmpty }
    // The tool ends each target with a question mark, query or not.
    query = try FormValues.parse(split.count > 1 ? split[1] : "")
    method = head.method
    headers = head.headers
  }

  /// A part of the path that the route's pattern names.
  package subscript(_ variable: String) -> String { variables[variable] ?? "" }
}
