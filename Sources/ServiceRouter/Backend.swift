/// One replica of a service, where requests go.
package struct Backend: Sendable, Hashable {
  /// What the replica is called; two of a service never have the same.
  package let id: String
  /// A numeric address: 127.0.0.1, or a container's.
  package let host: String
  package let port: Int

  /// A replica at an address.
  package init(id: String, host: String = "127.0.0.1", port: Int) {
    self.id = id
    self.host = host
    self.port = port
  }
}
