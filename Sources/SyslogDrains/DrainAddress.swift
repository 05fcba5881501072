import Essentials

/// Where a syslog resource has lines sent.
package struct DrainAddress: Sendable, Hashable {
  /// How.
  enum Way: String, Sendable, Hashable {
    case tcp, udp
    case tls = "tcp+tls"
  }

  let way: Way
  let host: String
  let port: UInt16

  /// An address by its URL, as `SyslogDrain.check` lets it through; nil for any other.
  package init?(_ url: String) {
    guard let mark = url.firstRange(of: "://"), let way = Way(rawValue: String(url[..<mark.lowerBound]))
    else {
      return nil
    }
    var place = url[mark.upperBound...]
    if place.last == "/" { place = place.dropLast() }
    guard let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]),
      port > 0
    else { return nil }
    var host = place[..<colon]
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    (self.way, self.host, self.port) = (way, String(host), port)
  }

  /// As it is told.
  var text: String { "\(way.rawValue)://\(host):\(port)" }
}
