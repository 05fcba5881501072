import DrydockBase

/// The environment that engines and their tools start with: the same on every machine.
///
/// Nothing is inherited but the absolute folders of PATH: no `PG*`, `MYSQL*` or `REDIS*` of the user's shell can redirect an engine, no
/// locale has to be installed (C.UTF-8 always is), times are in UTC, and an unset HOME does no harm.
/// - Parameters:
///   - inherited: the environment that drydock itself was started with; only PATH is read.
///   - home: what HOME shall be; an engine's own folder, so that none reads a user's ~/.my.cnf or ~/.pgpass.
///   - additions: variables on top, which win.
package func cleanEnvironment(
  inherited: [String: String], home: String = "/", additions: [String: String] = [:]
) -> [String: String] {
  let fallback = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  let folders = SearchPath.folders(inherited["PATH"])
  let path = folders.isEmpty ? fallback : folders.joined(separator: ":")
  return [
    "PATH": path, "HOME": home, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC",
  ].merging(additions) { $1 }
}
