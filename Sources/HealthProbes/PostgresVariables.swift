import Essentials
import Synchronization

/// The variables by which a user tells libpq what to do (PostgreSQL's manual, "Environment Variables").
///
/// Not all of them can be overridden by a parameter: `PGSERVICE` makes libpq look for that service and fail without it,
/// `PGTZ`, `PGDATESTYLE` and `PGGEQO` are sent to the server as they are, and of some options the only neutral value is an
/// empty one, which libpq takes for one left out.
package enum PostgresVariables {
  private static let taken = Mutex<[[CChar]]>([])

  /// Takes them out of this process's environment. To be called once, while the process has a single thread: a C library
  /// reads variables while another thread changes them.
  package static func takeOut() {
    for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("PG") {
      guard let value = getenv(name) else { continue }
      let entry =
        Array("\(name)=".utf8CString.dropLast())
        + Array(UnsafeBufferPointer(start: value, count: strlen(value) + 1))
      taken.withLock { $0.append(entry) }
      unsetenv(name)
    }
  }

  /// What was taken out, as `NAME=value` with a NUL at the end, for programs that take this process's place.
  package static var takenOut: [[CChar]] { taken.withLock { $0 } }
}
