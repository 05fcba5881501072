/// What an error number of server or client library means for readiness (MySQL's and MariaDB's error
/// references agree on these).
func mysqlFailure(code: UInt32, message: String) -> ProbeFailure {
  let text = "\(message) (error \(code))"
  return switch code {
  // Not connected.
  case 2001...2005: .unreachable(reason: text)
  // Lost on the way; the library's own words add an error number of the system's that is long out of date.
  case 2006, 2012, 2013, 2055, 5013, 5014:
    .unreachable(reason: "the server closed the connection (error \(code))")
  // Shutting down.
  case 1053, 1927: .starting(message: text)
  // Access denied, with and without password; unsupported or expired password; host not allowed, which is
  // how a server answers where no account exists for the address we come from.
  case 1045, 1698, 1251, 1862, 1130, 2049: .credentials(message: text)
  // Of the server; of the account, by its own limit or by the server's.
  case 1040, 1203, 1226: .exhausted(message: text)
  // Unknown database; no access to it.
  case 1049, 1044: .missingDatabase(message: text)
  // TLS that was asked for and not had: no certificate of ours, or none at all.
  case 2026: .stranger(expected: "a certificate of drydock's authority", found: message)
  // A way to log in that we do not take, since it shows the password.
  case 5010: .wrongProtocol(message: message)
  case 2007, 2027: .wrongProtocol(message: text)
  default: .rejected(message: text)
  }
}

/// Whether the bytes that wait can open a MySQL conversation: length, sequence number 0, then protocol version
/// 10 or an error; or, where the library has read a quick greeting already, answer the login, which has number 2.
/// Fewer bytes than that, or none because the server closed, are left to the library.
func isMySQLAnswer(_ bytes: [UInt8]) -> Bool {
  guard bytes.count == 5 else { return true }
  return switch (bytes[3], bytes[4]) {
  case (0, 10), (0, 0xff), (2, 0x00), (2, 0x01), (2, 0xfe), (2, 0xff): true
  default: false
  }
}
