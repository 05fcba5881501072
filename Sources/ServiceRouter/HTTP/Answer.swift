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
