import DrydockBase
import HealthProbes
import MonotonicTime

/// What is in a database of MySQL or MariaDB, as statements that make the same of another one.
///
/// The server says them itself, by SHOW CREATE. What they name is named without its database, or with it where a view, a
/// trigger or a default names something else; then the name is replaced.
struct MySQLSchema: Sendable, Hashable {
  /// One of the steps, in their order.
  enum Step: Sendable, Hashable {
    /// A statement that may name the database.
    case definition(String)
    /// The rows of a table, by the columns that can be written to.
    case rows(table: String, columns: [String])
    /// What the session has to be set to.
    case setting(String)
  }

  /// The database that it is read from.
  let name: String
  /// Character set and collation, as CREATE DATABASE takes them.
  let options: String
  let steps: [Step]

  /// The statements that make a database of that name.
  func statements(for copy: String) -> [String] {
    let (origin, target) = (MySQLSQL.quoteIdentifier(name), MySQLSQL.quoteIdentifier(copy))
    return ["CREATE DATABASE \(target) \(options)", "USE \(target)"]
      + steps.map { step in
        switch step {
        case .definition(let text): text.replacingExactly(origin + ".", with: target + ".")
        case .rows(let table, let columns):
          "INSERT INTO \(target).\(table) (\(columns.joined(separator: ", "))) "
            + "SELECT \(columns.joined(separator: ", ")) FROM \(origin).\(table)"
        case .setting(let text): text
        }
      }
  }
}

extension MySQLSchema {
  /// Reads it.
  /// - Throws: `StatementError`, `ProbeFailure`, `CancellationError`.
  init(of name: String, _ session: MySQLAdministrator, until deadline: Deadline) async throws {
    let reader = MySQLSchemaReader(name: name, session: session, deadline: deadline)
    self.name = name
    options = try await reader.options()
    // Rows keep their numbers, one of 0 too, and come in whichever order.
    let setting =
      "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"
    steps =
      [.setting(setting)]
      + (try await reader.sequences()) + (try await reader.tables())
      + (try await reader.programs(.routines)) + (try await reader.views())
      + (try await reader.programs(.triggers)) + (try await reader.programs(.events))
  }
}

/// Asks a server for the parts of a schema.
private struct MySQLSchemaReader {
  let name: String
  let session: MySQLAdministrator
  let deadline: Deadline

  private var literal: String { MySQLSQL.quoteLiteral(name) }
  private func qualified(_ object: String) -> String {
    "\(MySQLSQL.quoteIdentifier(name)).\(MySQLSQL.quoteIdentifier(object))"
  }

  private func rows(_ query: String) async throws -> [[String]] {
    try await session.query(query, until: deadline).map { $0.map { $0 ?? "" } }
  }

  private func names(ofType types: String) async throws -> [String] {
    try await rows(
      """
      SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = \(literal) \
      AND TABLE_TYPE IN (\(types)) ORDER BY TABLE_NAME
      """
    ).map { $0[0] }
  }

  func options() async throws -> String {
    let found = try await rows(
      """
      SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA \
      WHERE SCHEMA_NAME = \(literal)
      """)
    return found.first.map { "CHARACTER SET \($0[0]) COLLATE \($0[1])" } ?? ""
  }

  /// MariaDB's sequences, with the number that comes next.
  func sequences() async throws -> [MySQLSchema.Step] {
    var steps: [MySQLSchema.Step] = []
    for sequence in try await names(ofType: "'SEQUENCE'") {
      let definition = try await rows("SHOW CREATE SEQUENCE \(qualified(sequence))").first?[1] ?? ""
      let next =
        try await rows("SELECT next_not_cached_value FROM \(qualified(sequence))").first?[0] ?? "1"
      steps += [.definition(definition), .definition("DO SETVAL(\(qualified(sequence)), \(next), 0)")]
    }
    return steps
  }

  func tables() async throws -> [MySQLSchema.Step] {
    let tables = try await names(ofType: "'BASE TABLE', 'SYSTEM VERSIONED'")
    guard !tables.isEmpty else { return [] }
    var steps: [MySQLSchema.Step] = []
    for table in tables {
      let definition = try await rows("SHOW CREATE TABLE \(qualified(table))").first?[1] ?? ""
      steps.append(.definition(definition))
    }
    let filled = Set(
      try await rows(
        tables.map { "SELECT \(MySQLSQL.quoteLiteral($0)), EXISTS (SELECT 1 FROM \(qualified($0)))" }
          .joined(separator: " UNION ALL ")
      ).filter { $0[1] == "1" }.map { $0[0] })
    let columns = try await columns()
    return steps
      + tables.filter(filled.contains).map {
        .rows(table: MySQLSQL.quoteIdentifier($0), columns: columns[$0] ?? [])
      }
  }

  /// The columns of each table that are not computed.
  private func columns() async throws -> [String: [String]] {
    let found = try await rows(
      """
      SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = \(literal) \
      AND COALESCE(GENERATION_EXPRESSION, '') = '' ORDER BY TABLE_NAME, ORDINAL_POSITION
      """)
    return Dictionary(grouping: found) { $0[0] }
      .mapValues { $0.map { MySQLSQL.quoteIdentifier($0[1]) } }
  }

  /// The views, each behind those that it names.
  func views() async throws -> [MySQLSchema.Step] {
    var left: [(name: String, definition: String)] = []
    for view in try await names(ofType: "'VIEW'") {
      let definition = try await rows("SHOW CREATE VIEW \(qualified(view))").first?[1] ?? ""
      left.append((qualified(view), definition))
    }
    var steps: [MySQLSchema.Step] = []
    while !left.isEmpty {
      let others = left.map(\.name)
      let isNext = left.map { view in
        !others.contains { $0 != view.name && view.definition.contains($0) }
      }
      // A name that only looks like another's is no reason to wait for ever.
      let next = isNext.contains(true) ? isNext : left.map { _ in true }
      steps += zip(left, next).filter(\.1).map { .definition($0.0.definition) }
      left = zip(left, next).filter { !$0.1 }.map(\.0)
    }
    return steps
  }

  /// What has statements of its own in it, and the SQL mode in which they are read.
  enum Programs: Sendable {
    case routines
    case triggers
    case events

    fileprivate func list(_ schema: String) -> String {
      switch self {
      case .routines:
        "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = \(schema) ORDER BY 1, 2"
      case .triggers:
        """
        SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = \(schema) \
        ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER
        """
      case .events: "SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = \(schema)"
      }
    }

    fileprivate var definition: Int { self == .events ? 3 : 2 }
  }

  func programs(_ kind: Programs) async throws -> [MySQLSchema.Step] {
    var steps: [MySQLSchema.Step] = []
    for row in try await rows(kind.list(literal)) {
      guard let said = try await rows("SHOW CREATE \(row[0]) \(qualified(row[1]))").first else { continue }
      steps += [
        .setting("SET SESSION sql_mode = \(MySQLSQL.quoteLiteral(said[1]))"),
        .definition(said[kind.definition]),
      ]
    }
    return steps
  }
}
