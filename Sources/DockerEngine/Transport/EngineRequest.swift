import Essentials

/// One request to the engine, before it has a connection.
struct EngineRequest: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
  }

  enum Body: Sendable {
    case none
    case json(Data)
    case tar([UInt8])
    /// A tar archive that is made while it is sent: its next bytes, nil at its end.
    case stream(@Sendable () async throws -> [UInt8]?)
  }

  let method: Method
  /// The path without the version prefix, percent-encoded.
  let path: String
  let query: [(name: String, value: String)]
  let body: Body
  /// What the request does, as the object of "cannot …": `start container db`.
  let action: String
  /// The kind of the object that a 404 is about.
  let object: DockerError.ObjectKind?

  init(
    _ method: Method, _ path: String, query: [(name: String, value: String?)] = [], body: Body = .none,
    action: String, object: DockerError.ObjectKind? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query.compactMap { item in item.value.map { (item.name, $0) } }
    self.body = body
    self.action = action
    self.object = object
  }

  /// A request with a JSON body; keys are sorted so that a request is the same each time.
  init<Content: Encodable>(
    _ method: Method, _ path: String, query: [(name: String, value: String?)] = [], json: Content,
    action: String, object: DockerError.ObjectKind? = nil
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(json)
    self.init(method, path, query: query, body: .json(data), action: action, object: object)
  }

  /// The request target: version prefix, path and query.
  func target(version: APIVersion?) -> String {
    let prefix = version.map { "/v\($0)" } ?? ""
    guard !query.isEmpty else { return prefix + path }
    let pairs = query.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }
    return prefix + path + "?" + pairs.joined(separator: "&")
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986.
  static func encode(_ text: String) -> String {
    encode(text, except: unreserved)
  }

  /// Percent-encodes an image's name for a path, where the engine expects its slashes and colons as they are.
  static func encodeName(_ text: String) -> String {
    encode(text, except: unreserved.union("/:@".utf8))
  }

  private static func encode(_ text: String, except kept: Set<UInt8>) -> String {
    let encoded = text.utf8.flatMap { byte in
      kept.contains(byte) ? [byte] : Array("%\([byte].hexadecimal.uppercased())".utf8)
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static let unreserved = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
}

/// The `filters` parameter of the engine's listings.
enum Filters {
  /// The filters as JSON, or nil when there are none.
  static func json(_ filters: [String: [String]]) throws -> String? {
    let present = filters.filter { !$0.value.isEmpty }
    guard !present.isEmpty else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(present), as: UTF8.self)
  }

  /// A filter that wants all of these labels; an empty value asks for the label's presence only.
  static func labels(_ labels: [String: String]) throws -> String? {
    try json(["label": labels.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }.sorted()])
  }
}
