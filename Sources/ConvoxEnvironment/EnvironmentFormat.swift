import DrydockBase

/// A form in which variables are written out for others to read.
package enum EnvironmentFormat: String, CaseIterable, Sendable, Hashable, Codable {
  /// `KEY=value` lines that mean the same to a shell that sources the file and to dotenv libraries, with quotes where a
  /// value needs some; those without mean the same to docker too.
  case dotenv
  /// The lines of `docker run --env-file`, which knows no quotes.
  case docker
  /// `export KEY='value'` lines for any POSIX shell, to be evaluated or sourced.
  case shell
  /// One JSON object, keys sorted.
  case json
  /// The file that `$GITHUB_ENV` names in a GitHub Actions workflow.
  case github
}

/// Writes variables out, sorted by name, a line feed at the end; of two with the same name the last one counts. What the
/// format cannot hold is left out and named.
package func render(_ variables: [EnvironmentVariable], as format: EnvironmentFormat) -> RenderedEnvironment {
  let unique = [EnvironmentVariable](sorting: Dictionary(variables.map { ($0.name, $0.value) }) { $1 })
  let omissions = unique.compactMap { variable in
    format.obstacle(to: variable).map {
      RenderedEnvironment.Omission(
        name: variable.name, reason: $0,
        alternative: EnvironmentFormat.shell.obstacle(to: variable) == nil ? .shell : .json)
    }
  }
  let omitted = Set(omissions.map(\.name))
  let kept = unique.filter { !omitted.contains($0.name) }
  let isQuoted = format == .dotenv && kept.contains { !DotenvValue($0.value).isBare }
  let comments = EnvironmentComment.lines(format, omitting: omissions, isQuoted: isQuoted)
  return RenderedEnvironment(
    format: format, text: comments.map { $0 + "\n" }.joined() + text(of: kept, as: format),
    omissions: omissions)
}

private func text(of variables: [EnvironmentVariable], as format: EnvironmentFormat) -> String {
  switch format {
  case .dotenv: lines(variables) { "\($0.name)=\(DotenvValue($0.value).text ?? "")" }
  case .docker: lines(variables) { "\($0.name)=\($0.value)" }
  case .shell: lines(variables) { "export \($0.name)=\(quotedForShell($0.value))" }
  case .json: jsonObject(variables)
  case .github: lines(variables, githubEntry)
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
func quotedForJSON(_ text: String) -> String {
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
