/// What an SQLSTATE means for readiness (PostgreSQL's manual, appendix "PostgreSQL Error Codes").
func postgresFailure(sqlState: String, message: String) -> ProbeFailure {
  let text = "\(message) (SQLSTATE \(sqlState))"
  return switch sqlState {
  case "57P03", "57P01", "57P02": .starting(message: text)
  case "28P01", "28000": .credentials(message: text)
  // 42501: the user may not connect to this database.
  case "3D000", "42501": .missingDatabase(message: text)
  // 53300: of the server, of the role, or of the database.
  case "53300": .exhausted(message: text)
  default: .rejected(message: text)
  }
}

/// What an SQLSTATE means for a login.
func postgresLoginFailure(sqlState: String, message: String) -> ProbeFailure {
  // 58P01: a file is missing, which at a login is a library that settings want loaded.
  sqlState == "58P01"
    ? .unusableSettings(message: "\(message) (SQLSTATE \(sqlState))")
    : postgresFailure(sqlState: sqlState, message: message)
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

/// Whether a server that did not prove itself by a certificate of our authority is what libpq complains of.
func certificateFailure(_ text: String) -> ProbeFailure? {
  let complaints = ["certificate verify failed", "server does not support SSL, but SSL was required"]
  guard complaints.contains(where: text.contains) else { return nil }
  return .stranger(expected: "a certificate of drydock's authority", found: firstLine(of: text))
}

/// Whether the messages that wait ask for a login by anything but SCRAM, which never shows the password; nil where a
/// request is not there as a whole.
///
/// AuthenticationOk is 0; the steps of SASL are 10 to 12 (PostgreSQL's manual, "Message Formats").
func asksForMoreThanProof(_ bytes: [UInt8]) -> Bool? {
  var rest = bytes[...]
  while let kind = rest.first, "REKSZNv".utf8.contains(kind) {
    guard rest.count >= 5 else { return kind == UInt8(ascii: "R") ? nil : false }
    let length = number(rest.dropFirst())
    if kind == UInt8(ascii: "R") {
      guard rest.count >= 9 else { return nil }
      guard [0, 10, 11, 12].contains(number(rest.dropFirst(5))) else { return true }
    }
    guard length >= 4 else { return false }
    rest = rest.dropFirst(1 + length)
  }
  return false
}

/// The four bytes in front, most significant first.
private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } }
