import Testing

@testable import Engines

/// What of a dump is about the server that it comes from is left out or put into this one's words, said; all else stays,
/// byte for byte.
@Suite struct MySQLScriptTests {
  private static let mariadb = MySQLSurroundings(
    collations: ["utf8mb4_general_ci", "utf8mb4_bin", "utf8mb4_unicode_ci"], own: "utf8mb4_general_ci")

  /// A script, what becomes of it, and words of what is said.
  struct Script: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    /// Nil for the same.
    var expected: String?
    var said: [String] = []
  }

  static let scripts = [
    Script(
      testDescription: "mysqldump --databases",
      text: """
        -- MySQL dump 10.13
        /*!40101 SET NAMES utf8mb4 */;
        CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;

        USE `shop`;
        INSERT INTO t VALUES (1);
        ALTER DATABASE `shop` CHARACTER SET latin1 ;

        """,
      expected: """
        -- MySQL dump 10.13
        /*!40101 SET NAMES utf8mb4 */;



        INSERT INTO t VALUES (1);


        """, said: ["database shop"]),
    Script(
      testDescription: "by hand, on one line", text: "create database p; use p; create table t (a int);",
      expected: "create table t (a int);", said: ["database p"]),
    Script(
      testDescription: "a database that nobody goes to",
      text: "CREATE DATABASE p;\nCREATE TABLE p.t (a int);\nCREATE DATABASE q;\n"),
    Script(
      testDescription: "the app's own",
      text: "DROP DATABASE app;\nCREATE DATABASE app;\nUSE app;\nSELECT 1;\n"),
    Script(
      testDescription: "the app's own, which is there", text: "CREATE DATABASE app;\nUSE app;\nSELECT 1;\n",
      expected: "\nUSE app;\nSELECT 1;\n"),
    Script(
      testDescription: "the binary log",
      text: """
        SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
        SET @@SESSION.SQL_LOG_BIN= 0;
        SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1-5,
        b:1-7';
        CHANGE MASTER TO MASTER_LOG_FILE='x', MASTER_LOG_POS=4;
        SELECT 'SET sql_log_bin=0;';

        """, expected: "\n\n\n\n\nSELECT 'SET sql_log_bin=0;';\n", said: ["binary log", "replication"]),
    Script(
      testDescription: "collations of MySQL 8, in definitions and settings alone",
      text: """
        CREATE TABLE `t` (a text COLLATE utf8mb4_0900_as_cs, b text COLLATE 'utf8mb4_0900_ai_ci' COMMENT
        'COLLATE utf8mb4_0900_ai_ci') COLLATE=utf8mb4_0900_ai_ci; -- COLLATE utf8mb4_0900_ai_ci
        /*!50003 SET collation_connection  = utf8mb4_0900_ai_ci */ ;
        SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
        INSERT INTO t VALUES ('COLLATE=utf8mb4_0900_ai_ci;', 'it''s \\'; SET x COLLATE utf8mb4_0900_ai_ci;');
        SELECT 1 COLLATE utf8mb4_0900_ai_ci;

        """,
      expected: """
        CREATE TABLE `t` (a text COLLATE utf8mb4_bin, b text COLLATE 'utf8mb4_general_ci' COMMENT
        'COLLATE utf8mb4_0900_ai_ci') COLLATE=utf8mb4_general_ci; -- COLLATE utf8mb4_0900_ai_ci
        /*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
        SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
        INSERT INTO t VALUES ('COLLATE=utf8mb4_0900_ai_ci;', 'it''s \\'; SET x COLLATE utf8mb4_0900_ai_ci;');
        SELECT 1 COLLATE utf8mb4_0900_ai_ci;

        """, said: ["utf8mb4_0900_ai_ci", "utf8mb4_general_ci", "utf8mb4_bin"]),
    Script(
      testDescription: "routines",
      text: """
        DELIMITER ;;
        CREATE PROCEDURE p() BEGIN SET @a = 1; USE x; SET sql_log_bin = 0; END ;;
        delimiter //
        SET sql_log_bin = 0//
        DELIMITER ;
        USE p;

        """,
      expected: """
        DELIMITER ;;
        CREATE PROCEDURE p() BEGIN SET @a = 1; USE x; SET sql_log_bin = 0; END ;;
        delimiter //

        DELIMITER ;


        """, said: ["database p"]),
    Script(
      testDescription: "MariaDB's first line, and comments",
      text: """
        /*!999999\\- enable the sandbox mode */
        /*M!100100 SET @x=1 */;
        # USE p;
        -- USE p;
        /* USE p; */ SELECT `USE p;`, "USE \\"p;", 5--1, 0xDEADBEEF;

        """),
  ]

  private func filtered(_ pieces: [[UInt8]]) throws -> (text: String, filter: MySQLScript) {
    var filter = MySQLScript(here: Self.mariadb)
    let bytes = try pieces.flatMap { try filter.take($0) } + filter.finish()
    return (String(decoding: bytes, as: UTF8.self), filter)
  }

  @Test("Statements about another server go or change, wherever the stream is cut", arguments: scripts)
  func statements(_ script: Script) throws {
    let expected = script.expected ?? script.text
    let bytes = Array(script.text.utf8)
    let whole = try filtered([bytes])
    // What is left out may leave blanks.
    #expect(Self.trimmed(whole.text) == Self.trimmed(expected))
    for word in script.said {
      #expect(whole.filter.remarks.joined(separator: "; ").contains(word), "\(whole.filter.remarks)")
    }
    #expect(whole.filter.remarks.isEmpty == script.said.isEmpty, "\(whole.filter.remarks)")
    #expect(try filtered(bytes.map { [$0] }).text == whole.text)
    for cut in bytes.indices {
      #expect(try filtered([Array(bytes[..<cut]), Array(bytes[cut...])]).text == whole.text, "cut at \(cut)")
    }
  }

  /// Without blanks at the ends of lines.
  private static func trimmed(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  @Test(
    "A dump of a whole server or of several databases is refused before its first statement",
    arguments: ["USE p;\nSELECT 1;\nUSE `q`;\n", "USE mysql;\n", "USE app;\nUSE p;\n"])
  func severalDatabases(_ script: String) throws {
    let error = #expect(throws: ScriptRefusal.self) { try filtered([Array(script.utf8)]) }
    #expect(error?.remedy.contains("mysqldump") == true)
  }

  @Test("What stands in tells apart what has to be told apart")
  func substitutes() {
    var newer = Self.mariadb
    newer.collations.formUnion(["uca1400_as_cs", "uca1400_ai_ci"])
    #expect(newer.substitute(for: "utf8mb4_0900_as_cs") == "utf8mb4_uca1400_as_cs")
    #expect(newer.substitute(for: "utf8mb4_uca1400_ai_ci") == nil)
    #expect(Self.mariadb.substitute(for: "utf8mb4_uca1400_ai_ci") == "utf8mb4_general_ci")
    #expect(Self.mariadb.substitute(for: "utf8mb4_de_pb_0900_ai_ci") == "utf8mb4_general_ci")
    #expect(Self.mariadb.substitute(for: "utf8mb4_0900_bin") == "utf8mb4_bin")
    #expect(Self.mariadb.substitute(for: "utf8mb3_uca1400_ai_ci") == "utf8mb3_general_ci")
    for name in ["utf8mb4_unicode_ci", "latin1_swedish_ci", "utf8mb4_klingon_ci"] {
      #expect(Self.mariadb.substitute(for: name) == nil)
    }
    newer.isAliased = true
    #expect(newer.substitute(for: "utf8mb4_ja_0900_as_cs") == nil)
  }
}
