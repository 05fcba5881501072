import DrydockBase

/// An item of a service's `volumes:`: `/path`, `name:/path` or `/host/path:/path`, and how it is mounted behind that.
/// Convox hands on all that stands behind the first colon, so that Docker on its hosts takes the third part for itself.
package struct ServiceVolume: Sendable, Hashable {
  /// Docker's words for how something is mounted.
  private static let modes: Set<String> = [
    "ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated", "private", "rprivate", "shared",
    "rshared", "slave", "rslave",
  ]

  /// What is mounted: a name, or a path of the host; nil where the path alone is given.
  package var source: String?
  /// Where the service sees it.
  package var path: String
  /// How it is mounted, in Docker's words; nil for the usual.
  package var mode: String?

  /// The item as it is written.
  package init(_ text: String) {
    var parts = text.splitExactly(at: ":", omittingEmpty: false)
    if parts.count > 2, let last = parts.last,
      last.splitExactly(at: ",").allSatisfy(Self.modes.contains), !last.isEmpty
    {
      mode = last
      parts.removeLast()
    }
    source = parts.count > 1 ? parts[0] : nil
    path = parts.count > 1 ? parts[1...].joined(separator: ":") : text
  }

  /// The host's paths that Convox mounts as they are, each only when written exactly so; every other one is the name of a
  /// volume of the app.
  package static let hostPaths = [
    "/cgroup/", "/dev/log", "/etc/passwd", "/proc/", "/sys/fs/cgroup/", "/sys/kernel/debug/",
    "/var/lib/docker/containers/", "/var/log/audit/", "/var/run/", "/var/run/docker.sock",
  ]

  /// What tells its content from others': services of an app that name the same one share it on a host.
  package var key: String { source ?? path }

  /// Whether the host's own path is mounted.
  package var isOfHost: Bool { Self.hostPaths.contains(key) }

  /// Whether nothing can be written there.
  package var isReadOnly: Bool { mode?.splitExactly(at: ",").contains("ro") ?? false }
}
