import DrydockBase

/// A form in which variables are written out for others to read.
package enum EnvironmentFormat: String, CaseIterable, Sendable, Hashable, Codable {
  /// `KEY=value` lines that mean the same to `docker run --env-file`, to a shell that sources the file and to
  /// dotenv libraries.
  case dotenv
  /// `export KEY='value'` lines for any POSIX shell, to be evaluated or sourced.
  case shell
  /// One JSON object, keys sorted.
  case json
  /// The file that `$GITHUB_ENV` names in a GitHub Actions workflow.
  case github
}

/// Writes variables out, sorted by name, a line feed at the end; of two with the same name the last one counts.
/// - Throws: `EnvironmentFormatError` with every variable that the format cannot hold; nothing is written then.
package func render(
  _ variables: [EnvironmentVariable], as format: EnvironmentFormat
) throws(EnvironmentFormatError) -> String {
  let unique = [EnvironmentVariable](sorting: Dictionary(variables.map { ($0.name, $0.value) }) { $1 })
  let obstacles = unique.compactMap { variable in
    format.obstacle(to: variable).map { EnvironmentFormatError.Obstacle(name: variable.name, reason: $0) }
  }
  guard obstacles.isEmpty else { throw EnvironmentFormatError(format: format, obstacles: obstacles) }
  return switch format {
  case .dotenv: lines(unique) { "\($0.name)=\($0.value)" }
  case .shell: lines(unique) { "export \($0.name)=\(quotedForShell($0.value))" }
  case .json: jsonObject(unique)
  case .github: lines(unique, githubEntry)
  }
}

/// The word that a POSIX shell reads as exactly this text. Anything is literal between single quotes; a single
/// quote itself stands between double quotes, a backslash outside of quotes.
package func quotedForShell(_ text: String) -> String {
  "'\(text.replacingExactly("'", with: #"'\''"#))'"
}

private func lines(
  _ variables: [EnvironmentVariable], _ line: (EnvironmentVariable) -> String
) -> String {
  variables.map { line($0) + "\n" }.joined()
}

/// `NAME=value`, or for several lines `NAME<<DELIMITER`, the value, the delimiter, which is no line of the value.
private func githubEntry(_ variable: EnvironmentVariable) -> String {
  let scalars = variable.value.unicodeScalars
  guard scalars.contains(where: { $0 == "\n" || $0 == "\r" }) else {
    return "\(variable.name)=\(variable.value)"
  }
  var delimiter = "DRYDOCK_END"
  while variable.value.holdsExactly(delimiter) { delimiter += "_" }
  return "\(variable.name)<<\(delimiter)\n\(variable.value)\n\(delimiter)"
}

private func jsonObject(_ variables: [EnvironmentVariable]) -> String {
  guard !variables.isEmpty else { return "{}\n" }
  let members = variables.map { "  \(quotedForJSON($0.name)): \(quotedForJSON($0.value))" }
  return "{\n\(members.joined(separator: ",\n"))\n}\n"
}

/// Foundation's encoder sorts keys in an order of its own, so that the object is put together here.
private func quotedForJSON(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\": quoted += "\\\(scalar)"
    case "\n": quoted += "\\n"
    case "\r": quoted += "\\r"
    case "\t": quoted += "\\t"
    case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
      "\u{2066}"..."\u{2069}":
      quoted += escapedForJSON(scalar)
    default: quoted.unicodeScalars.append(scalar)
    }
  }
  return quoted + "\""
}

private func escapedForJSON(_ scalar: Unicode.Scalar) -> String {
  let digits = String(scalar.value, radix: 16)
  return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
}
