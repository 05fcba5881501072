import ConvoxManifest

/// The ports that a service's program binds, as convox.yml has them.
struct BoundPorts: Sendable, Hashable {
  /// That of `port:`, whose answers say that it is ready; nil for a service without one.
  var main: Int?
  /// Those besides, by TCP.
  var further: [Int] = []

  /// Those of a command that is run once: it serves nobody.
  static let none = Self()

  /// All of them.
  var all: [Int] { (main.map { [$0] } ?? []) + further }
}

extension BoundPorts {
  /// A service's.
  init(of service: Service) { self.init(main: service.port?.number, further: service.furtherPorts) }
}
