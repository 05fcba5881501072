/// Where a URL points: its scheme, host and port, and nothing of its login.
package struct URLAddress: Sendable, Hashable {
  /// The scheme; nil for a bare `HOST:PORT`.
  package var scheme: String?
  /// The host, a name or an address; one of IPv6 without its brackets.
  package var host: String
  /// The port; nil where the URL names none.
  package var port: Int?

  /// Reads a URL; nil for one without a host, or with a port that is none. Its password may hold any character,
  /// unescaped.
  package init?(_ url: String) {
    let (head, rest) = splittingScheme(url)
    let authority = splittingLogin(rest).address.prefix { !"/?#".contains($0) }
    scheme = head.isEmpty ? nil : head.dropLast(3).lowercased()
    let tail: Substring
    if authority.first == "[" {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      tail = authority[authority.index(after: end)...]
    } else {
      host = String(authority.prefix { $0 != ":" })
      tail = authority.dropFirst(host.count)
    }
    guard !host.isEmpty else { return nil }
    if tail.isEmpty { return }
    guard tail.first == ":", let port = Int(tail.dropFirst()), (1...65535).contains(port) else { return nil }
    self.port = port
  }
}
