import DrydockBase
import Essentials
import NIOCore
import NIOHTTP1

/// Who may speak to the server: somebody on this machine who knows the password, where it has one.
package struct Gate: Sendable {
  private let password: [UInt8]?
  private let name: ServerName

  /// - Parameter password: Nil for a server whose routes have a secret in their paths instead.
  init(password: String?, name: ServerName) {
    self.name = name
    self.password = password.map { Array($0.utf8) }
  }

  /// - Parameter port: The server's own.
  /// - Throws: `HTTPFailure` with 403 for a foreign host or origin, with 401 for a wrong password.
  func admit(_ head: HTTPRequestHead, at port: Int) throws {
    try checkNames(head.headers, port)
    guard let password else { return }
    guard head.headers["Authorization"].count == 1, let given = given(head.headers["Authorization"][0]),
      Self.isSame(given, password)
    else {
      throw HTTPFailure(.unauthorized, "wrong password: \(name.passwordHint)")
    }
  }

  /// A page of the web can have its own name resolved to 127.0.0.1 and so reach this server from a browser. Its
  /// requests bear that name, or that of the page as their origin.
  private func checkNames(_ headers: HTTPHeaders, _ port: Int) throws {
    guard headers["Host"].count == 1, Self.isLocal(headers["Host"][0][...]) else {
      throw HTTPFailure(.forbidden, "the \(name.text) answers to 127.0.0.1 and localhost only")
    }
    for origin in headers["Origin"] where !Self.isOwn(origin, port) {
      throw HTTPFailure(.forbidden, "the \(name.text) serves no pages of other origins")
    }
  }

  /// Whether a page's origin is this server. Another port of this machine is another origin, of whoever listens there.
  static func isOwn(_ origin: String, _ port: Int) -> Bool {
    guard let mark = origin.firstRange(of: "://") else { return false }
    let place = origin[mark.upperBound...]
    guard isLocal(place) else { return false }
    let standard = origin[..<mark.lowerBound] == "https" ? 443 : 80
    let named = place.splitExactly(at: ":", omittingEmpty: false).dropFirst().first
    return (named.map { Int($0) } ?? standard) == port
  }

  /// Whether that is 127.0.0.1 or localhost, with or without a port.
  package static func isLocal(_ host: Substring) -> Bool {
    let parts = host.splitExactly(at: ":", omittingEmpty: false)
    guard ["127.0.0.1", "localhost"].contains(parts[0].lowercased()), parts.count <= 2 else { return false }
    return parts.count == 1 || UInt16(parts[1]) != nil
  }

  /// The password of Basic credentials; the user name does not matter.
  private func given(_ header: String) -> [UInt8]? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic",
      let bytes = Data(base64Encoded: String(parts[1].filter { $0 != " " })),
      let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return Array(bytes[bytes.index(after: colon)...])
  }

  /// Takes the same time wherever the difference is, so that the time tells nothing.
  private static func isSame(_ given: [UInt8], _ password: [UInt8]) -> Bool {
    var difference = given.count ^ password.count
    for index in password.indices {
      difference |= Int(password[index] ^ (index < given.count ? given[index] : 0))
    }
    return difference == 0 && !password.isEmpty
  }
}

extension Channel {
  /// The port at which it was accepted; 0 where it is closed.
  var ownPort: Int { localAddress?.port ?? 0 }
}
