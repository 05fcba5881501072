import Testing

@testable import Engines

/// What of a dump is about the server that it comes from is left out, said; all else stays, byte for byte.
@Suite struct PostgresForeignLinesTests {
  private static let here = PostgresSurroundings(
    settings: ["lock_timeout", "row_security"], roles: ["app", "drydock", "reader"],
    ownRoles: ["app", "reader"])

  /// A script, the lines of it that are taken out, counted from 1, and a word of what is said.
  struct Script: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    var gone: [Int] = []
    var said: [String] = []
  }

  static let scripts = [
    Script(
      testDescription: "settings of newer servers",
      text:
        "SET lock_timeout = 0;\nSET transaction_timeout = 0;\nset Row_Security = off;\nSET search_path = a;\n",
      gone: [2], said: ["SET transaction_timeout"]),
    Script(
      testDescription: "owners",
      text: """
        ALTER TABLE public.t OWNER TO postgres;
        ALTER FUNCTION public.f(a integer, "b;" text) OWNER TO "Rails";
        ALTER TABLE public.t OWNER TO app;
        ALTER TABLE public.t OWNER TO reader;
        ALTER TABLE public.t OWNER TO CURRENT_USER;
        SET SESSION AUTHORIZATION 'postgres';
        SET SESSION AUTHORIZATION DEFAULT;
        ALTER TABLE ONLY public.t
            ADD CONSTRAINT x PRIMARY KEY (id);

        """, gone: [1, 2, 6], said: ["postgres", "Rails"]),
    Script(
      testDescription: "grants",
      text: """
        GRANT ALL ON SCHEMA public TO postgres;
        GRANT SELECT, INSERT ON TABLE public.t TO reader WITH GRANT OPTION;
        REVOKE USAGE ON SCHEMA public FROM PUBLIC;
        GRANT SELECT(a) ON TABLE public.t TO reader, bi GRANTED BY app;
        ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public GRANT SELECT ON TABLES TO reader;
        ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;
        GRANT rails TO app;
        GRANT CONNECT ON DATABASE shop TO reader;
        CREATE ROLE fresh;
        GRANT SELECT ON TABLE public.t TO fresh;

        """, gone: [1, 4, 5, 7, 8], said: ["bi", "rails", "database shop"]),
    Script(
      testDescription: "pg_dump -C",
      text: """
        DROP DATABASE IF EXISTS shop;
        CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C.UTF-8';
        ALTER DATABASE shop OWNER TO postgres;
        \\connect shop
        COMMENT ON DATABASE shop IS 'a;b';
        CREATE SCHEMA public;
        COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';
        CREATE TABLE public.t (a text);

        """, gone: [1, 2, 3, 4, 5, 6, 7], said: ["database shop", "plpgsql", "CREATE SCHEMA public"]),
    Script(
      testDescription: "a database by hand",
      text: "drop database if exists chinook;\ncreate database chinook;\n\\c chinook;\nSELECT 1;\n",
      gone: [1, 2, 3], said: ["database chinook:"]),
    // Bug: pg_dump writes it of PostGIS's spatial_ref_sys, in which the app may not write.
    Script(
      testDescription: "data of no rows",
      text: """
        COPY public.spatial_ref_sys (srid, "a;") FROM stdin;
        \\.
        COPY public.t (a) FROM stdin;
        \\.x
        \\.
        COPY public.t (a) FROM stdin;

        \\.
        COPY public.t (a) FROM stdin;

        """, gone: [1, 2]),
    Script(
      testDescription: "the same words as data, in texts, in bodies, behind others",
      text: """
        COPY public.t (a) FROM stdin;
        SET transaction_timeout = 0;
        GRANT a TO b;
        \\connect x
        \\.
        SELECT '
        SET transaction_timeout = 0;
        ';
        DO $$
        SET transaction_timeout = 0;
        $$;
        SELECT 1
        GRANT x TO y;
         SET transaction_timeout = 0;
        SELECT 1; SET transaction_timeout = 0;

        """),
  ]

  private func filtered(_ pieces: [[UInt8]]) throws -> (text: String, filter: PostgresForeignLines) {
    var filter = PostgresForeignLines(here: Self.here)
    let bytes = try pieces.flatMap { try filter.take($0) } + filter.finish()
    return (String(decoding: bytes, as: UTF8.self), filter)
  }

  @Test("Lines about another server go, wherever the stream is cut", arguments: scripts)
  func lines(_ script: Script) throws {
    let expected = script.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { script.gone.contains($0.offset + 1) ? "" : $0.element }.joined(separator: "\n")
    let bytes = Array(script.text.utf8)
    let whole = try filtered([bytes])
    #expect(whole.text == expected)
    for word in script.said {
      #expect(whole.filter.remarks.joined(separator: "; ").contains(word), "\(whole.filter.remarks)")
    }
    #expect(whole.filter.remarks.isEmpty == script.said.isEmpty)
    for cut in bytes.indices {
      #expect(try filtered([Array(bytes[..<cut]), Array(bytes[cut...])]).text == expected, "cut at \(cut)")
    }
  }

  @Test("A dump of several databases is refused, with the way on") func severalDatabases() throws {
    let error = #expect(throws: ScriptRefusal.self) {
      try filtered([Array("\\connect template1\n\\connect -reuse-previous=on \"dbname='shop'\"\n".utf8)])
    }
    #expect(error?.reason.contains("shop") == true && error?.remedy.contains("pg_dump") == true)
  }

  @Test(
    "A script that ends its transaction itself is known",
    arguments: [
      ("BEGIN;\nSELECT 1;\nCommit ;\n", false), ("SELECT 'commit;';\n-- COMMIT;\nSELECT commit;\n", true),
    ]) func transactions(_ script: String, _ isOne: Bool) throws
  {
    #expect(try filtered([Array(script.utf8)]).filter.isOneTransaction == isOne)
  }

  @Test(
    "A script that ends in the midst of a statement is known",
    arguments: [
      ("COPY t FROM stdin;\n1\n\\.\n", false), ("COPY t FROM stdin;\n1\n\\.", false),
      ("COPY t FROM stdin;\n1\n", true), ("SELECT 1;\n-- the end", false), ("SELECT 1", true),
      ("SELECT ';", true), ("(SELECT 1)", true), ("SELECT 1; /* the end", true),
    ]) func openStatements(_ script: String, _ isOpen: Bool) throws
  {
    #expect(try filtered([Array(script.utf8)]).filter.hasOpenStatement == isOpen)
  }
}
