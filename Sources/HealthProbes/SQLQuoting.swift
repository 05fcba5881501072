/// Quotes values into PostgreSQL's SQL.
package enum PostgresSQL {
  /// An identifier: `"` around it, inner ones doubled.
  package static func quoteIdentifier(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }

  /// A string literal that means the same whatever `standard_conforming_strings` says: the `E''` form with
  /// quotes and backslashes doubled. PostgreSQL's strings hold no NUL; it is left out.
  package static func quoteLiteral(_ text: String) -> String {
    let escaped = text.replacing("\0", with: "").replacing("\\", with: "\\\\").replacing("'", with: "''")
    return "E'" + escaped + "'"
  }
}

/// Quotes values into MySQL's and MariaDB's SQL.
package enum MySQLSQL {
  /// An identifier: backticks around it, inner ones doubled.
  package static func quoteIdentifier(_ name: String) -> String {
    "`" + name.replacing("`", with: "``") + "`"
  }

  /// A database's name as GRANT takes it: there `_` and `%` stand for other characters unless escaped.
  package static func quoteGrantDatabase(_ name: String) -> String {
    let escaped = name.replacing("\\", with: "\\\\").replacing("_", with: "\\_").replacing("%", with: "\\%")
    return quoteIdentifier(escaped)
  }

  /// A string literal, for a server without `NO_BACKSLASH_ESCAPES`, which is the default: quotes doubled,
  /// backslash and NUL escaped.
  package static func quoteLiteral(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\0", with: "\\0").replacing("'", with: "''")
    return "'" + escaped + "'"
  }
}
