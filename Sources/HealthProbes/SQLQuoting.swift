import DrydockBase

/// Quotes values into PostgreSQL's SQL.
package enum PostgresSQL {
  /// An identifier: `"` around it, inner ones doubled.
  package static func quoteIdentifier(_ name: String) -> String {
    "\"" + name.replacingExactly("\"", with: "\"\"") + "\""
  }

  /// A string literal that means the same whatever `standard_conforming_strings` says: the `E''` form with
  /// quotes and backslashes doubled. PostgreSQL's strings hold no NUL; it is left out.
  package static func quoteLiteral(_ text: String) -> String {
    let escaped = text.replacingExactly("\0", with: "").replacingExactly("\\", with: "\\\\").replacingExactly(
      "'", with: "''")
    return "E'" + escaped + "'"
  }
}

/// Quotes values into MySQL's and MariaDB's SQL.
package enum MySQLSQL {
  /// An identifier: backticks around it, inner ones doubled.
  package static func quoteIdentifier(_ name: String) -> String {
    "`" + name.replacingExactly("`", with: "``") + "`"
  }

  /// A string literal, for a server without `NO_BACKSLASH_ESCAPES`, which is the default: quotes doubled,
  /// backslash and NUL escaped.
  package static func quoteLiteral(_ text: String) -> String {
    let escaped = text.replacingExactly("\\", with: "\\\\").replacingExactly("\0", with: "\\0")
      .replacingExactly("'", with: "''")
    return "'" + escaped + "'"
  }
}
