import DrydockBase

/// A URL with `****` in place of its password and of query values that are named like one. A password may hold
/// any character, unescaped; where the URL can be read in two ways, more is masked rather than less.
package func maskingPassword(inURL url: String) -> String {
  let (head, rest) = splittingScheme(url)
  let (login, address) = splittingLogin(rest)
  guard let login else { return head + maskingQuery(address) }
  guard let (user, _) = login.pairExactly(at: ":") else { return "\(head)\(login)@\(maskingQuery(address))" }
  return "\(head)\(user):****@\(maskingQuery(address))"
}

func splittingScheme(_ url: String) -> (head: Substring, rest: Substring) {
  let scalars = url.unicodeScalars
  guard let range = scalars.firstRange(of: "://".unicodeScalars) else { return ("", url[...]) }
  return (Substring(scalars[..<range.upperBound]), Substring(scalars[range.upperBound...]))
}

/// The login ends at the last `@` before the query, for a raw password may hold `@`, `/` and `?` itself.
func splittingLogin(_ rest: Substring) -> (login: Substring?, address: Substring) {
  let scalars = rest.unicodeScalars
  let beforeQuery = scalars.prefix { $0 != "?" }
  guard let at = beforeQuery.lastIndex(of: "@") ?? scalars.lastIndex(of: "@") else { return (nil, rest) }
  if at >= beforeQuery.endIndex, !beforeQuery.contains(":") { return (nil, rest) }
  return (Substring(scalars[..<at]), Substring(scalars[scalars.index(after: at)...]))
}

private let secretParameters: Set = ["password", "passwd", "pass", "sslpassword", "auth", "token", "secret"]

private func maskingQuery(_ text: Substring) -> String {
  guard let (address, query) = text.pairExactly(at: "?") else { return String(text) }
  let masked = query.splitExactly(at: "&", omittingEmpty: false).map { parameter -> String in
    guard let (name, _) = parameter.pairExactly(at: "=") else { return parameter }
    return secretParameters.contains(name.lowercased()) ? "\(name)=****" : parameter
  }
  return "\(address)?\(masked.joined(separator: "&"))"
}
