internal import CMariaDB
import Dispatch
import Essentials
internal import MonotonicTime
import PortListeners

/// The version of the libmariadb in use, for instance "3.3.14".
/// - Throws: `MissingLibraryError`.
package func libmariadbVersion() throws -> String {
  try loadLibMariaDB()
  return mariadb.mysql_get_client_info().map { String(cString: $0) } ?? "unknown"
}

/// Loads libmariadb, which is not done before it is needed: most commands log in nowhere.
/// - Throws: `MissingLibraryError`.
private func loadLibMariaDB() throws {
  guard let message = drydock_mariadb_load() else { return }
  throw MissingLibraryError(
    name: "libmariadb", reason: String(cString: message),
    suggestion: "apt-get install libmariadb3 (or brew install mariadb-connector-c)")
}

/// libmariadb's functions; only to be asked for where it is loaded.
private var mariadb: drydock_mariadb_functions { drydock_mariadb().pointee }

/// A statement's rows as text, or the error the server answered with.
enum MySQLAnswer {
  case rows([[String?]], columns: [String])
  case error(code: UInt32, message: String)
}

/// One connection through libmariadb's non-blocking interface; closed when released.
final class MySQLConnection {
  private let handle: UnsafeMutablePointer<MYSQL>
  /// What a call in progress points to; has to outlive its last continuation.
  private var held: [OwnedCString] = []
  private var isSuspended = false
  /// Whether the server has to prove itself by its certificate.
  private let isEncrypted: Bool

  /// The library's own set-up, which is not safe to run from two threads at once.
  private static let isLibraryReady = mariadb.mysql_server_init(0, nil, nil) == 0

  /// Connects and logs in.
  /// - Throws: `ProbeFailure`, `MissingLibraryError`, `CancellationError`.
  init(to target: ProbeTarget, until deadline: Deadline) async throws {
    try target.usableAddress()
    try loadLibMariaDB()
    guard Self.isLibraryReady, let handle = mariadb.mysql_init(nil) else {
      throw ProbeFailure.rejected(message: "libmariadb cannot be set up")
    }
    self.handle = handle
    self.isEncrypted = target.authorityFile != nil
    setOptions(usesSocket: target.unixSocket != nil)
    setSecurity(target)
    try await connect(to: target, try ListenerProof(target), until: deadline)
  }

  deinit {
    // A call that was given up half-way leaves the stream in the middle of a message: cut it, so that closing
    // neither says goodbye into it nor waits.
    if isSuspended { shutdown(mariadb.mysql_get_socket(handle), Int32(SHUT_RDWR)) }
    mariadb.mysql_close(handle)
  }

  private func setOptions(usesSocket: Bool) {
    // Room for loading an authentication plugin and for RSA on the coroutine's stack; the default is 60 KB.
    var stackSize = 512 * 1024
    _ = mariadb.mysql_options(handle, MYSQL_OPT_NONBLOCK, &stackSize)
    var transport = usesSocket ? MYSQL_PROTOCOL_SOCKET.rawValue : MYSQL_PROTOCOL_TCP.rawValue
    _ = mariadb.mysql_options(handle, MYSQL_OPT_PROTOCOL, &transport)
    var off: my_bool = 0
    _ = mariadb.mysql_options(handle, MYSQL_OPT_RECONNECT, &off)
    _ = mariadb.mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4")
    var localFiles: UInt32 = 0
    _ = mariadb.mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &localFiles)
  }

  /// Without an authority no certificate is asked for, which later versions would insist on.
  private func setSecurity(_ target: ProbeTarget) {
    var isVerified: my_bool = target.authorityFile == nil ? 0 : 1
    _ = mariadb.mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &isVerified)
    _ = mariadb.mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &isVerified)
    // None of those that send the password as it is. MySQL's own does so where TLS covers it, and else encrypts it with
    // a key that the server sends: that is for one that is known by other means.
    let isKnown = target.authorityFile != nil || target.listener != nil || target.unixSocket != nil
    drydock_restrict_authentication(
      handle, "mysql_native_password" + (isKnown ? ",caching_sha2_password" : ""))
    guard let authority = target.authorityFile else { return }
    _ = mariadb.mysql_ssl_set(handle, nil, nil, authority, nil, nil)
    var patience: UInt32 = 3
    _ = mariadb.mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &patience)
  }

  private func connect(
    to target: ProbeTarget, _ proof: ListenerProof?, until deadline: Deadline
  ) async throws {
    let host = target.unixSocket == nil ? hold(target.host) : nil
    let user = hold(target.user)
    let password = hold(target.password)
    let database = target.database.isEmpty ? nil : hold(target.database)
    let socket = target.unixSocket.flatMap { hold($0) }
    var connected: UnsafeMutablePointer<MYSQL>?
    var isGreeted = target.unixSocket != nil
    var status = mariadb.mysql_real_connect_start(
      &connected, handle, host, user, password, database, UInt32(clamping: target.port), socket, 0)
    var isConnected = connected != nil
    while status != 0 {
      try await awaitReadiness(status, until: deadline, "connecting to MySQL")
      if !isGreeted {
        isGreeted = true
        try await requireGreeting(until: deadline)
        // The login is answered only now, as a rule: the library may have read a quick greeting already.
        try proof?.confirmed()
      }
      (status, isConnected) = await proceed(status)
    }
    isSuspended = false
    guard isConnected else { throw failure() }
  }

  /// Goes on connecting. The handshake of TLS is the one part of the library that waits by itself, for three seconds at
  /// most; so it has a thread outside of the pool.
  private func proceed(_ status: Int32) async -> (status: Int32, isConnected: Bool) {
    nonisolated(unsafe) let handle = handle
    // What was waited for is there: the library asks to be told of its own timeout as well, by the same bits.
    let status = status & ~MYSQL_WAIT_TIMEOUT
    let step: @Sendable () -> (Int32, Bool) = {
      var connected: UnsafeMutablePointer<MYSQL>?
      let status = mariadb.mysql_real_connect_cont(&connected, handle, status)
      return (status, connected != nil)
    }
    guard isEncrypted else { return step() }
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: step()) }
    }
  }

  /// Looks at the server's first bytes before the library does, which takes nonsense for a length and waits.
  private func requireGreeting(until deadline: Deadline) async throws {
    let socket = mariadb.mysql_get_socket(handle)
    let refusal = pendingError(of: socket)
    guard refusal == 0 else { throw ProbeFailure.unreachable(reason: String(cString: strerror(refusal))) }
    try await wait(for: .read, on: socket, until: deadline, "waiting for MySQL's greeting")
    guard isMySQLAnswer(peek(socket, count: 5)) else {
      throw ProbeFailure.wrongProtocol(message: "the greeting is not MySQL's")
    }
  }

  /// Waits for what the suspended call asked for.
  private func awaitReadiness(_ status: Int32, until deadline: Deadline, _ step: String) async throws {
    isSuspended = true
    let interest: Interest = status & MYSQL_WAIT_WRITE != 0 ? .write : .read
    try await wait(for: interest, on: mariadb.mysql_get_socket(handle), until: deadline, step)
  }

  private func hold(_ string: String) -> UnsafeMutablePointer<CChar>? {
    let owned = OwnedCString(string)
    held.append(owned)
    return owned.pointer
  }

  private func failure() -> ProbeFailure {
    mysqlFailure(code: mariadb.mysql_errno(handle), message: errorMessage())
  }

  private func errorMessage() -> String {
    mariadb.mysql_error(handle).map { String(cString: $0) } ?? ""
  }

  /// Whether the server is MariaDB, by its greeting.
  var isMariaDB: Bool { mariadb.mariadb_connection(handle) != 0 }

  /// Runs one statement and reads its rows as text.
  /// - Throws: `ProbeFailure` where the connection fails, `CancellationError`.
  func query(_ statement: String, until deadline: Deadline) async throws -> MySQLAnswer {
    let text = hold(statement)
    var code: Int32 = 0
    var status = mariadb.mysql_real_query_start(&code, handle, text, UInt(statement.utf8.count))
    while status != 0 {
      try await awaitReadiness(status, until: deadline, "waiting for a query's result")
      status = mariadb.mysql_real_query_cont(&code, handle, status)
    }
    isSuspended = false
    held.removeAll()
    guard code == 0 else { return try answerOrThrow() }
    return try await storeResult(until: deadline)
  }

  private func storeResult(until deadline: Deadline) async throws -> MySQLAnswer {
    var result: UnsafeMutablePointer<MYSQL_RES>?
    var status = mariadb.mysql_store_result_start(&result, handle)
    while status != 0 {
      try await awaitReadiness(status, until: deadline, "reading a query's result")
      status = mariadb.mysql_store_result_cont(&result, handle, status)
    }
    isSuspended = false
    guard let result else {
      return mariadb.mysql_errno(handle) == 0 ? .rows([], columns: []) : try answerOrThrow()
    }
    defer { mariadb.mysql_free_result(result) }
    return .rows(Self.rows(of: result), columns: Self.columns(of: result))
  }

  /// The server's error; one of the connection itself is thrown.
  private func answerOrThrow() throws(ProbeFailure) -> MySQLAnswer {
    let code = mariadb.mysql_errno(handle)
    // The client's own errors are 2000 to 2999 and 5000 to 5999.
    guard (2000...2999).contains(code) || (5000...5999).contains(code) else {
      return .error(code: code, message: errorMessage())
    }
    throw failure()
  }

  private static func columns(of result: UnsafeMutablePointer<MYSQL_RES>) -> [String] {
    (0..<mariadb.mysql_num_fields(result)).map { index in
      mariadb.mysql_fetch_field_direct(result, index)?.pointee.name.map { String(cString: $0) } ?? ""
    }
  }

  private static func rows(of result: UnsafeMutablePointer<MYSQL_RES>) -> [[String?]] {
    let columns = Int(mariadb.mysql_num_fields(result))
    var rows: [[String?]] = []
    while let row = mariadb.mysql_fetch_row(result), let lengths = mariadb.mysql_fetch_lengths(result) {
      rows.append(
        (0..<columns).map { column in
          row[column].map { start in
            String(
              decoding: UnsafeRawBufferPointer(start: start, count: Int(lengths[column])), as: UTF8.self)
          }
        })
    }
    return rows
  }
}
