public import Engines
public import Foundation
import TransportSecurity

/// How the connections of a server that was proved healthy are protected.
public struct TransportRecord: Sendable, Hashable, Codable {
  /// How clients may connect.
  public var policy: TransportPolicy
  /// The certificate authority's path, for those who ask the server.
  public var authorityFile: String
  /// The fingerprint of the authority that signed its certificate.
  public var authority: String
  /// When its certificate ends to hold.
  public var expires: Date
  /// A hash of the password that its configuration holds; nil for one whose accounts are in its data.
  public var passwordHash: String?

  /// The security of a server that is only asked.
  var security: ServerSecurity { ServerSecurity(policy: policy, authorityFile: authorityFile) }
}
