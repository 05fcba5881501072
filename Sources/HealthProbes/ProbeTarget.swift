package import PortListeners

/// Where a server is to be asked, and as whom.
///
/// Printing or interpolating a target never shows the password.
package struct ProbeTarget: Sendable, Hashable {
  /// The numeric IPv4 address; names are never resolved.
  package var host: String
  /// The TCP port; with a Unix socket, the port that is part of PostgreSQL's socket name.
  package var port: Int
  /// A Unix socket used instead of host and port: its path, or for PostgreSQL the directory it lies in.
  package var unixSocket: String?
  /// The user who logs in; empty where the protocol has none.
  package var user: String
  /// The password; empty for none.
  package var password: String
  /// The database that is opened; empty for none.
  package var database: String
  /// The certificate authority that has signed the server's certificate, a path to a PEM file; nil for a
  /// connection without TLS. A Unix socket never takes TLS.
  package var authorityFile: String?
  /// Who has to listen at the port before anything is sent there; nil where that cannot be asked. A Unix socket lies in
  /// a folder that nobody else can enter.
  package var listener: ExpectedListener?
  /// The folder of the server's data, where that is on this machine: a server may say there how far its start is.
  package var dataFolder: String?

  /// A target on a TCP port, or on a Unix socket where one is given.
  package init(
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
  package var address: String { unixSocket ?? "\(host):\(port)" }
}

extension ProbeTarget: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The target with its password masked.
  package var description: String {
    let login = user.isEmpty ? "" : "\(user)\(password.isEmpty ? "" : ":****")@"
    return login + address + (database.isEmpty ? "" : "/\(database)")
  }

  /// The same as `description`, so that a debugger or a failing test shows no password either.
  package var debugDescription: String { description }

  /// Hides the stored properties from `dump` and from test output.
  package var customMirror: Mirror { Mirror(self, children: ["target": description]) }
}
