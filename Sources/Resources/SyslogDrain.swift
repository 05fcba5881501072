import ConvoxManifest
import DrydockBase
import Essentials

/// A syslog resource: no engine, only where an app's logs are to go.
package enum SyslogDrain {
  /// The one option, under the name that it has on a rack.
  package static let option = "Url"

  package static let kind = ResourceKind(
    name: "syslog",
    parameters: [
      ResourceParameter(
        name: option, default: "", description: "Syslog URL, e.g. tcp+tls://logs.example.com:11235")
    ])

  private static let schemes = ["tcp", "udp", "tcp+tls"]

  /// Refuses options that it does not have, and a URL that no log could be sent to.
  /// - Throws: `DrydockError.failed`.
  package static func check(_ parameters: [String: String]) throws {
    for name in parameters.keys.sorted() where name != option {
      let guess = name.lowercased() == option.lowercased() ? "did you mean \(option)?" : "it takes \(option)"
      throw DrydockError(.failed, "unknown option \(name) for syslog", suggestion: guess)
    }
    let url = parameters[option] ?? ""
    guard let problem = problem(with: url) else { return }
    throw DrydockError(
      .failed, problem, suggestion: "for example: \(option)=tcp+tls://logs.example.com:11235")
  }

  /// What a URL lacks to be a drain; nil where it lacks nothing.
  package static func problem(with url: String) -> String? {
    if url.isEmpty { return "a syslog resource needs \(option)" }
    guard let mark = url.firstRange(of: "://") else { return "\(option) is no URL: \(url)" }
    let scheme = String(url[..<mark.lowerBound])
    guard schemes.contains(scheme) else {
      return "\(option) takes \(schemes.joined(separator: ", ")), not \(scheme)"
    }
    // A bare slash is how some tools end a URL.
    var place = url[mark.upperBound...]
    if place.last == "/" { place = place.dropLast() }
    guard let match = place.wholeMatch(of: /(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)?(:(?<port>[0-9]*))?/)
    else { return "\(option) takes a host and a port and nothing else: \(url)" }
    guard match.host != nil else { return "\(option) names no host: \(url)" }
    guard let port = match.port.flatMap({ Int($0) }) else { return "\(option) names no port: \(url)" }
    return (1...65535).contains(port) ? nil : "\(option): a port is a number from 1 to 65535, not \(port)"
  }
}
