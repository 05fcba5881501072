/// A URL with `****` in place of its password and of query values that are named like one. A password may hold
/// any character, unescaped; where the URL can be read in two ways, more is masked rather than less.
package func maskingPassword(inURL url: String) -> String {
  let (head, rest) = splittingScheme(url)
  let (login, address) = splittingLogin(rest)
  guard let login else { return head + maskingQuery(address) }
  guard let colon = login.firstIndex(of: ":") else { return "\(head)\(login)@\(maskingQuery(address))" }
  return "\(head)\(login[..<colon]):****@\(maskingQuery(address))"
}

func splittingScheme(_ url: String) -> (head: Substring, rest: Substring) {
  guard let range = url.firstRange(of: "://") else { return ("", url[...]) }
  return (url[..<range.upperBound], url[range.upperBound...])
}

/// The login ends at the last `@` before the query, for a raw password may hold `@`, `/` and `?` itself.
func splittingLogin(_ rest: Substring) -> (login: Substring?, address: Substring) {
  let beforeQuery = rest.prefix { $0 != "?" }
  guard let at = beforeQuery.lastIndex(of: "@") ?? rest.lastIndex(of: "@") else { return (nil, rest) }
  if at >= beforeQuery.endIndex, !beforeQuery.contains(":") { return (nil, rest) }
  return (rest[..<at], rest[rest.index(after: at)...])
}

private let secretParameters: Set = ["password", "passwd", "pass", "sslpassword", "auth", "token", "secret"]

private func maskingQuery(_ text: Substring) -> String {
  guard let mark = text.firstIndex(of: "?") else { return String(text) }
  let parameters = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
  let masked = parameters.map { parameter -> String in
    let name = parameter.prefix { $0 != "=" }
    return secretParameters.contains(name.lowercased()) ? "\(name)=****" : String(parameter)
  }
  return "\(text[...mark])\(masked.joined(separator: "&"))"
}
