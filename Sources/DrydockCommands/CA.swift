import AppState
import ArgumentParser
import Emulator
import Essentials
import MonotonicTime
import Servers
import TransportSecurity

/// `drydock ca`.
struct CA: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca",
    abstract: "Print the path of the certificate authority that signs the resources' certificates.",
    discussion: """
      It is made once, and belongs to this user alone. Under `drydock run`, services
      that link an encrypted resource trust it; give its path to other programs.

      Examples:
        redis-cli --tls --cacert "$(drydock ca)" \\
          -u "rediss://default:${CACHE_URL#*//:}"
        psql "$MYDB_URL?sslmode=verify-full&sslrootcert=$(drydock ca)"
        drydock ca --format json
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let authority = LocalAuthority(home: session.context.home)
    let certificate = try await authority.open(until: .after(.seconds(30))).certificate
    switch common.format {
    case .table: session.console.print(authority.certificateFile)
    case .json:
      try session.console.print(
        json: Description(
          path: authority.certificateFile, fingerprint: certificate.fingerprint,
          expires: certificate.notAfter))
    }
  }

  private struct Description: Encodable {
    var path: String
    /// SHA-256, in hexadecimal digits.
    var fingerprint: String
    var expires: Date
  }
}
