/// What a server calls itself before its clients.
package struct ServerName: Sendable {
  /// Its name, as in "the rack answers to localhost only".
  package var text: String
  /// Where its password is found, for who showed a wrong one.
  package var passwordHint: String

  /// A name.
  package init(_ text: String, passwordHint: String) {
    self.text = text
    self.passwordHint = passwordHint
  }
}
