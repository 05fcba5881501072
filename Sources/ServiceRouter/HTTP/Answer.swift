import NIOCore

/// What the router itself answers.
struct Answer {
  var status: Int
  var fields: [(name: String, value: String)] = []
  var body: String

  init(status: Int, type: String = "text/plain; charset=utf-8", body: String) {
    self.status = status
    self.body = body
    fields = [("Content-Type", type), ("Cache-Control", "no-store")]
  }

  /// In plain words.
  init(_ fault: MessageFault) { self.init(status: fault.status, body: "\(fault.status): \(fault.reason)\n") }

  /// That the same is to be had by TLS at another port of the host that was asked.
  init(movedTo port: Int, _ request: RequestHead) {
    let host = request.value(.host).map(Self.withoutPort) ?? ""
    let place = "https://\(host.isEmpty ? "127.0.0.1" : host):\(port)\(request.path)"
    self.init(status: 301, body: "moved to \(place)\n")
    fields.append((name: "Location", value: place))
  }

  /// A host without its port, the brackets of an IPv6 address kept.
  private static func withoutPort(_ host: String) -> String {
    guard let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") else { return host }
    return String(host[..<colon])
  }

  /// The bytes of the response.
  func encoded(withBody: Bool, form: ReplyForm) -> ByteBuffer {
    var lines = ["HTTP/1.1 \(status) \(Self.reasons[status] ?? "Error")"]
    lines += fields.map { "\($0.name): \($0.value)" }
    lines.append("Content-Length: \(body.utf8.count)")
    if form.closes { lines.append("Connection: close") }
    if form.saysKeepAlive { lines.append("Connection: keep-alive") }
    return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + (withBody ? body : ""))
  }

  private static let reasons = [
    301: "Moved Permanently", 400: "Bad Request", 405: "Method Not Allowed", 408: "Request Timeout",
    431: "Request Header Fields Too Large", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
  ]
}
