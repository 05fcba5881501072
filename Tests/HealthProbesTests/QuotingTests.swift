import HealthProbes
import Testing

struct QuotingTests {
  @Test(arguments: [
    ("plain", "\"plain\""), ("my-app", "\"my-app\""), ("a\"b", "\"a\"\"b\""), ("", "\"\""),
    ("a\"\u{301}b", "\"a\"\"\u{301}b\""),
  ])
  func postgresIdentifiers(name: String, quoted: String) {
    #expect(PostgresSQL.quoteIdentifier(name) == quoted)
  }

  @Test(arguments: [
    ("plain", "E'plain'"), ("it's", "E'it''s'"), ("back\\slash", "E'back\\\\slash'"), ("\\'", "E'\\\\'''"),
    ("nul\0l", "E'null'"), ("it'\u{301}s\\\u{301}", "E'it''\u{301}s\\\\\u{301}'"),
  ])
  func postgresLiterals(text: String, quoted: String) {
    #expect(PostgresSQL.quoteLiteral(text) == quoted)
  }

  @Test(arguments: [("plain", "`plain`"), ("a`b", "`a``b`"), ("a_b", "`a_b`"), ("a`\u{301}", "`a``\u{301}`")])
  func mysqlIdentifiers(name: String, quoted: String) {
    #expect(MySQLSQL.quoteIdentifier(name) == quoted)
  }

  @Test(arguments: [
    ("plain", "'plain'"), ("it's", "'it''s'"), ("back\\slash", "'back\\\\slash'"), ("\\'", "'\\\\'''"),
    ("nul\0l", "'nul\\0l'"), ("it'\u{301}s\\\u{301}", "'it''\u{301}s\\\\\u{301}'"),
  ])
  func mysqlLiterals(text: String, quoted: String) {
    #expect(MySQLSQL.quoteLiteral(text) == quoted)
  }
}
