import AppState
package import Engines

extension TransportRecord {
  /// The security of a server that is only asked.
  package var security: ServerSecurity { ServerSecurity(policy: policy, authorityFile: authorityFile) }
}
