import Foundation

/// The password of the servers in tests.
package let wirePassword = "correct-horse"

/// The head of a request as Convox's tool writes it: a question mark behind each path.
package func head(
  _ method: String, _ path: String, port: Int, authorization: String? = basic(wirePassword),
  _ more: [String] = []
) -> String {
  let mark = path.contains("?") ? "" : "?"
  var lines = [
    "\(method) \(path)\(mark) HTTP/1.1", "Host: 127.0.0.1:\(port)", "User-Agent: Go-http-client/1.1",
  ]
  if let authorization { lines.append("Authorization: \(authorization)") }
  return (lines + ["Accept: */*"] + more).joined(separator: "\r\n") + "\r\n\r\n"
}

/// Basic credentials.
package func basic(_ password: String, user: String = "convox") -> String {
  "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
}

/// The head of a websocket's request as the tool writes it.
package func upgrade(_ path: String, port: Int, _ more: [String] = []) -> String {
  "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: \(basic(wirePassword))\r\n"
    + "Connection: Upgrade\r\nOrigin: http://127.0.0.1:\(port)\r\nUpgrade: websocket\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    + more.map { "\($0)\r\n" }.joined() + "\r\n"
}

/// A form's value as Go writes it.
package func encoded(_ text: String) -> String {
  text.utf8.map { byte in
    let character = Character(Unicode.Scalar(byte))
    if byte < 128, character.isLetter || character.isNumber || "-_.~".contains(character) {
      return String(character)
    }
    return byte == 32 ? "+" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }.joined()
}
