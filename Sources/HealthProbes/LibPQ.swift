internal import CLibPQ
import Essentials
internal import MonotonicTime
import PortListeners

/// The version of the libpq in use, for instance "15.20".
/// - Throws: `MissingLibraryError`.
package func libpqVersion() throws -> String {
  try loadLibPQ()
  let number = libpq.PQlibVersion()
  return number >= 100_000
    ? "\(number / 10_000).\(number % 10_000)"
    : "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
}

/// Loads libpq, which is not done before it is needed: most commands log in nowhere, and it is large.
/// - Throws: `MissingLibraryError`.
func loadLibPQ() throws {
  guard let message = drydock_libpq_load() else { return }
  throw MissingLibraryError(
    name: "libpq", reason: String(cString: message),
    suggestion: "apt-get install libpq5 (or brew install libpq)")
}

/// libpq's functions; only to be asked for where it is loaded.
private var libpq: drydock_libpq_functions { drydock_libpq().pointee }

/// A connection option that the libpq in use knows.
struct LibPQOption: Sendable {
  /// Its keyword, for instance "sslmode".
  let keyword: String
  /// The environment variable that libpq takes it from.
  let variable: String?
  /// Its built-in default.
  let builtIn: String

  /// All options; later versions of libpq know more of them and refuse none of these.
  static let all: [LibPQOption] = {
    guard let first = libpq.PQconndefaults() else { return [] }
    defer { libpq.PQconninfoFree(first) }
    return sequence(first: first) { $0 + 1 }
      .prefix { $0.pointee.keyword != nil }
      .map { option in
        LibPQOption(
          keyword: String(cString: option.pointee.keyword),
          variable: option.pointee.envvar.map { String(cString: $0) },
          builtIn: option.pointee.compiled.map { String(cString: $0) } ?? "")
      }
  }()
}

/// A statement's rows as text, or the error the server answered with.
enum PostgresAnswer {
  case rows([[String?]])
  case error(sqlState: String, message: String)
}

/// One connection through libpq's non-blocking interface; closed when released.
final class PostgresConnection {
  private let handle: OpaquePointer
  /// Whether TLS was asked for; the first byte then says nothing.
  private let isEncrypted: Bool

  /// Connects and logs in.
  /// - Throws: `ProbeFailure`, `MissingLibraryError`, `CancellationError`.
  init(to target: ProbeTarget, until deadline: Deadline) async throws {
    try target.usableAddress()
    try loadLibPQ()
    let proof = try ListenerProof(target)
    guard let handle = Self.start(PostgresParameters(target).values) else {
      throw ProbeFailure.rejected(message: "out of memory")
    }
    self.handle = handle
    self.isEncrypted = target.authorityFile != nil
    // libpq gives a failed login's SQLSTATE in verbose messages only.
    _ = libpq.PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
    _ = libpq.PQsetNoticeProcessor(handle, { _, _ in }, nil)
    try await connect(proof, until: deadline)
    _ = libpq.PQsetnonblocking(handle, 1)
  }

  deinit {
    libpq.PQfinish(handle)
  }

  private static func start(_ parameters: [(String, String)]) -> OpaquePointer? {
    withCStrings(parameters.map(\.0)) { keywords in
      withCStrings(parameters.map(\.1)) { values in
        libpq.PQconnectStartParams(keywords, values, 0)
      }
    }
  }

  private func connect(_ proof: ListenerProof?, until deadline: Deadline) async throws {
    var polling = PGRES_POLLING_WRITING
    var isConfirmed = false
    var firstByte: UInt8?
    guard libpq.PQstatus(handle) != CONNECTION_BAD else { throw connectionFailure(firstByte: nil) }
    while polling != PGRES_POLLING_OK {
      let interest: Interest = polling == PGRES_POLLING_WRITING ? .write : .read
      try await wait(for: interest, on: libpq.PQsocket(handle), until: deadline, "connecting to PostgreSQL")
      if interest == .read, !isEncrypted, libpq.PQstatus(handle) == CONNECTION_AWAITING_RESPONSE {
        let opening = try await nextMessages(until: deadline)
        firstByte = firstByte ?? opening.first
      }
      // The connection stands, and nothing was sent yet.
      if !isConfirmed {
        isConfirmed = true
        let refusal = pendingError(of: libpq.PQsocket(handle))
        guard refusal == 0 else { throw ProbeFailure.unreachable(reason: String(cString: strerror(refusal))) }
        try proof?.confirmed()
      }
      polling = libpq.PQconnectPoll(handle)
      if polling == PGRES_POLLING_FAILED { throw connectionFailure(firstByte: firstByte) }
    }
  }

  /// What the server has sent, looked at before libpq does, which up to version 15 answers any request for a password,
  /// also one for the password itself.
  private func nextMessages(until deadline: Deadline) async throws -> [UInt8] {
    let limit = deadline.capped(at: .milliseconds(500))
    var pause = Backoff(first: .milliseconds(1), limit: .milliseconds(20))
    while true {
      let bytes = peek(libpq.PQsocket(handle), count: 4096)
      switch asksForMoreThanProof(bytes) {
      case false: return bytes
      case true: throw ProbeFailure.wrongProtocol(message: "it asks for a password other than by SCRAM")
      case nil: break
      }
      do {
        try await pause.sleep(until: limit, "PostgreSQL's request")
      } catch is TimeoutError {
        throw ProbeFailure.wrongProtocol(message: "the answer is not PostgreSQL's")
      }
    }
  }

  /// The server's version as libpq counts it, for instance 150018 for 15.18 and 90603 for 9.6.3; 0 where it said none.
  var versionNumber: Int { Int(libpq.PQserverVersion(handle)) }

  /// What the server told of itself at the login (PostgreSQL's manual, "PQparameterStatus").
  func status(_ parameter: String) -> String? {
    libpq.PQparameterStatus(handle, parameter).map { String(cString: $0) }
  }

  private var errorMessage: String {
    libpq.PQerrorMessage(handle).map { String(cString: $0) } ?? ""
  }

  private func connectionFailure(firstByte: UInt8?) -> ProbeFailure {
    let text = errorMessage
    if isEncrypted, let stranger = certificateFailure(text) { return stranger }
    guard let (sqlState, message) = splitVerboseError(text) else {
      // The server's first message is an authentication request, a version negotiation or an error.
      guard let firstByte, !"REv".utf8.contains(firstByte) else {
        return .unreachable(reason: firstLine(of: text))
      }
      return .wrongProtocol(message: "the answer is not PostgreSQL's")
    }
    return postgresLoginFailure(sqlState: sqlState, message: message)
  }

  /// Runs one statement and reads its rows as text.
  /// - Throws: `ProbeFailure` where the connection fails, `CancellationError`.
  func query(_ statement: String, until deadline: Deadline) async throws -> PostgresAnswer {
    guard libpq.PQsendQuery(handle, statement) == 1 else { throw lost() }
    try await flush(until: deadline)
    var answer: PostgresAnswer?
    repeat {
      try await awaitResult(until: deadline)
      guard let result = libpq.PQgetResult(handle) else { break }
      defer { libpq.PQclear(result) }
      answer = read(result)
    } while true
    guard let answer, libpq.PQstatus(handle) == CONNECTION_OK else { throw lost(after: answer) }
    return answer
  }

  /// What a server keeps of a password by SCRAM-SHA-256 (RFC 5803).
  /// - Throws: `ProbeFailure` where there is no memory for it.
  func verifier(of password: String, for role: String) throws -> String {
    guard let text = libpq.PQencryptPasswordConn(handle, password, role, "scram-sha-256") else {
      throw ProbeFailure.rejected(message: firstLine(of: errorMessage))
    }
    defer { libpq.PQfreemem(text) }
    return String(cString: text)
  }

  private func flush(until deadline: Deadline) async throws {
    while true {
      switch libpq.PQflush(handle) {
      case 0: return
      case 1: try await wait(for: .write, on: libpq.PQsocket(handle), until: deadline, "sending a query")
      default: throw lost()
      }
    }
  }

  private func awaitResult(until deadline: Deadline) async throws {
    while libpq.PQisBusy(handle) == 1 {
      try await wait(for: .read, on: libpq.PQsocket(handle), until: deadline, "waiting for a query's result")
      guard libpq.PQconsumeInput(handle) == 1 else { throw lost() }
    }
  }

  private func lost(after answer: PostgresAnswer? = nil) -> ProbeFailure {
    if case .error(let sqlState, let message)? = answer, !sqlState.isEmpty {
      return postgresFailure(sqlState: sqlState, message: message)
    }
    return .unreachable(reason: firstLine(of: errorMessage))
  }

  private func read(_ result: OpaquePointer) -> PostgresAnswer {
    let status = libpq.PQresultStatus(result)
    guard status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY else {
      return .error(
        sqlState: field(result, "C"), message: field(result, "M"))
    }
    return .rows(
      (0..<libpq.PQntuples(result)).map { row in
        (0..<libpq.PQnfields(result)).map { column in
          guard libpq.PQgetisnull(result, row, column) == 0 else { return nil }
          return libpq.PQgetvalue(result, row, column).map { String(cString: $0) }
        }
      })
  }

  /// One field of an error by its letter in the protocol: C the SQLSTATE, M the primary message.
  private func field(_ result: OpaquePointer, _ letter: Unicode.Scalar) -> String {
    libpq.PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) } ?? ""
  }
}
