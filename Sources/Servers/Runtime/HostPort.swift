import Essentials
import NativeProcess

/// Who has a port of this machine, in words.
package enum HostPort {
  /// `PID 4711 (redis-server)`; nil when that cannot be seen.
  package static func owner(_ port: Int) -> String? { PortOwner.of(port: port)?.description }

  /// The first port at which a process without privileges may listen: Linux tells it, elsewhere it is 1024.
  package static var firstUnprivileged: Int {
    let setting = FileManager.default.contents(atPath: "/proc/sys/net/ipv4/ip_unprivileged_port_start")
    let text = setting.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return Int(text.trimmed()) ?? 1024
  }
}
