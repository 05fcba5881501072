package import Essentials
package import TransportSecurity

/// How the connections of a server that was proved healthy are protected.
package struct TransportRecord: Sendable, Hashable, Codable {
  /// How clients may connect.
  package var policy: TransportPolicy
  /// The certificate authority's path, for those who ask the server.
  package var authorityFile: String
  /// The fingerprint of the authority that signed its certificate.
  package var authority: String
  /// When its certificate ends to hold.
  package var expires: Date
  /// A hash of the password that its configuration holds; nil for one whose accounts are in its data.
  package var passwordHash: String?

  /// Without a password's hash, as of a server whose accounts are in its data.
  package init(
    policy: TransportPolicy,
    authorityFile: String,
    authority: String,
    expires: Date,
    passwordHash: String? = nil
  ) {
    self.policy = policy
    self.authorityFile = authorityFile
    self.authority = authority
    self.expires = expires
    self.passwordHash = passwordHash
  }
}
