/// What an SQLSTATE means for readiness (PostgreSQL's manual, appendix "PostgreSQL Error Codes").
func postgresFailure(sqlState: String, message: String) -> ProbeFailure {
  let text = "\(message) (SQLSTATE \(sqlState))"
  return switch sqlState {
  case "57P03", "57P01", "57P02": .starting(message: text)
  case "28P01", "28000": .credentials(message: text)
  // 42501: the user may not connect to this database.
  case "3D000", "42501": .missingDatabase(message: text)
  default: .rejected(message: text)
  }
}

/// Takes SQLSTATE and primary message out of libpq's verbose form, `SEVERITY:  SQLSTATE: message`, the only
/// one in which it tells the SQLSTATE of a failed login.
func splitVerboseError(_ text: String) -> (sqlState: String, message: String)? {
  guard let match = text.firstMatch(of: #/:  ([0-9A-Z]{5}): ([^\n]*)/#) else { return nil }
  return (String(match.1), String(match.2))
}

/// The first line of libpq's own messages; those after it guess at causes.
func firstLine(of text: String) -> String {
  text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "the connection is lost"
}
