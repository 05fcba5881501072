import NativeProcess

/// Who has a port of this machine, in words.
enum HostPort {
  /// `PID 4711 (redis-server)`; nil when that cannot be seen.
  static func owner(_ port: Int) -> String? { PortOwner.of(port: port)?.description }
}
