public import PortListeners

/// Where a server is to be asked, and as whom.
///
/// Printing or interpolating a target never shows the password.
public struct ProbeTarget: Sendable, Hashable {
  /// The numeric IPv4 address; names are never resolved.
  public var host: String
  /// The TCP port; with a Unix socket, the port that is part of PostgreSQL's socket name.
  public var port: Int
  /// A Unix socket used instead of host and port: its path, or for PostgreSQL the directory it lies in.
  public var unixSocket: String?
  /// The user who logs in; empty where the protocol has none.
  public var user: String
  /// The password; empty for none.
  public var password: String
  /// The database that is opened; empty for none.
  public var database: String
  /// The certificate authority that has signed the server's certificate, a path to a PEM file; nil for a
  /// connection without TLS. A Unix socket never takes TLS.
  public var authorityFile: String?
  /// Who has to listen at the port before anything is sent there; nil where that cannot be asked. A Unix socket lies in
  /// a folder that nobody else can enter.
  public var listener: ExpectedListener?

  /// A target on a TCP port, or on a Unix socket where one is given.
  public init(
    host: String = "127.0.0.1", port: Int, unixSocket: String? = nil,
    user: String = "", password: String = "", database: String = "", authorityFile: String? = nil,
    listener: ExpectedListener? = nil
  ) {
    self.host = host
    self.port = port
    self.unixSocket = unixSocket
    self.user = user
    self.password = password
    self.database = database
    self.authorityFile = unixSocket == nil ? authorityFile : nil
    self.listener = unixSocket == nil ? listener : nil
  }

  /// Keeps names from the client libraries, which would resolve them by blocking calls.
  @discardableResult
  func usableAddress() throws(ProbeFailure) -> SocketAddress {
    guard let usable = SocketAddress(self) else {
      throw .rejected(message: "\(address) is neither a numeric IPv4 address and port nor a socket's path")
    }
    return usable
  }

  /// The address alone, as messages name it.
  public var address: String { unixSocket ?? "\(host):\(port)" }
}

extension ProbeTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The target with its password masked.
  public var description: String {
    let login = user.isEmpty ? "" : "\(user)\(password.isEmpty ? "" : ":****")@"
    return login + address + (database.isEmpty ? "" : "/\(database)")
  }

  /// The same as `description`, so that a debugger or a failing test shows no password either.
  public var debugDescription: String { description }

  /// Hides the stored properties from `dump` and from test output.
  public var customMirror: Mirror { Mirror(self, children: ["target": description]) }
}
