import DrydockBase

/// `watch:` of a drydock.yml.
extension SettingsReader {
  private static let form = "write - PATH: ACTION"

  mutating func readWatch(_ node: YAMLNode) {
    for pair in pairs(node, "watch is") {
      guard let name = service(pair.key)?.name else { continue }
      for item in items(pair.value, "watch.\(name) is", Self.form) {
        if let rule = rule(item, name) { settings.watch[name, default: []].append(rule) }
      }
    }
  }

  /// `PATH: ACTION`, or a map with both under their names.
  private mutating func rule(_ node: YAMLNode, _ service: String) -> DrydockSettings.WatchRule? {
    guard case .mapping(let pairs) = node.content else {
      fail("watch.\(service) is a list of paths, each with an action", at: node.offset, Self.form)
      return nil
    }
    let keys = ["action", "path"]
    if pairs.count == 1, let pair = pairs.first, !keys.contains(pair.key.text) {
      return rule(pair.key.text, at: pair.key.offset, pair.value, service)
    }
    for pair in pairs where !keys.contains(pair.key.text) {
      refuseKey(pair.key, in: "watch.\(service)", known: keys)
    }
    guard let path = value("path", pairs)?.scalar, let action = value("action", pairs) else {
      fail("watch.\(service) needs a path and an action", at: node.offset, Self.form)
      return nil
    }
    return rule(path.text, at: path.offset, action, service)
  }

  private mutating func rule(
    _ path: String, at offset: Int, _ action: YAMLNode, _ service: String
  ) -> DrydockSettings.WatchRule? {
    let action = choice(action, DrydockSettings.WatchAction.self, "the action for \(path)")
    guard let path = relative(path, at: offset), let action else { return nil }
    return DrydockSettings.WatchRule(path, action)
  }

  /// A path within the app's folder, without `.` and slashes that mean nothing.
  private mutating func relative(_ path: String, at offset: Int) -> String? {
    if path.isEmpty || path.beginsExactly(with: "/") {
      fail("`\(path)` is no path within the app's folder", at: offset, "write it relative to drydock.yml")
      return nil
    }
    let parts = path.splitExactly(at: "/").filter { $0 != "." }
    guard !parts.contains("..") else {
      fail("`\(path)` leads out of the app's folder", at: offset, "only files of the app are watched")
      return nil
    }
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}
