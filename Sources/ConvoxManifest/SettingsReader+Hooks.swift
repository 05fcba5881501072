import DrydockBase
import Essentials

/// `hooks:` of a drydock.yml.
extension SettingsReader {
  private static let form = "write - SERVICE: COMMAND"

  mutating func readHooks(_ node: YAMLNode) {
    for pair in pairs(node, "hooks is") {
      switch pair.key.text {
      case "before-start": settings.beforeStart = hooks(pair.value, "before-start")
      case "after-ready": settings.afterReady = hooks(pair.value, "after-ready")
      default: refuseKey(pair.key, in: "hooks", known: ["after-ready", "before-start"])
      }
    }
  }

  private mutating func hooks(_ node: YAMLNode, _ name: String) -> [DrydockSettings.Hook] {
    var hooks: [DrydockSettings.Hook] = []
    for item in items(node, "hooks.\(name) is", Self.form) {
      if let hook = hook(item) { hooks.append(hook) }
    }
    return hooks
  }

  /// `SERVICE: COMMAND`, as a map or as a text, or a map with both under their names.
  private mutating func hook(_ node: YAMLNode) -> DrydockSettings.Hook? {
    switch node.content {
    case .scalar(let scalar):
      guard let (name, command) = scalar.text.pairExactly(at: ":"), !command.trimmed().isEmpty else {
        fail("a hook is a service and a command", at: node.offset, Self.form)
        return nil
      }
      guard let service = service(name.trimmed(), at: node.offset) else { return nil }
      return DrydockSettings.Hook(
        service: service.name, command: command.trimmed(), location: source.location(of: node.offset))
    case .mapping(let pairs):
      if pairs.count == 1, let pair = pairs.first, !["command", "service"].contains(pair.key.text) {
        guard let service = service(pair.key) else { return nil }
        return hook(service.name, pair.value, at: node.offset)
      }
      for pair in pairs where !["command", "service"].contains(pair.key.text) {
        refuseKey(pair.key, in: "the hook", known: ["command", "service"])
      }
      guard let name = value("service", pairs)?.scalar, let command = value("command", pairs) else {
        fail("a hook is a service and a command", at: node.offset, Self.form)
        return nil
      }
      guard let service = service(name) else { return nil }
      return hook(service.name, command, at: node.offset)
    case .sequence:
      fail("a hook is a service and a command", at: node.offset, Self.form)
      return nil
    }
  }

  private mutating func hook(_ service: String, _ command: YAMLNode, at offset: Int) -> DrydockSettings.Hook?
  {
    let location = source.location(of: offset)
    switch command.content {
    case .scalar(let scalar) where !command.isNull && !scalar.text.trimmed().isEmpty:
      return DrydockSettings.Hook(service: service, command: scalar.text, location: location)
    case .sequence(let items) where !items.isEmpty && items.allSatisfy({ $0.scalar != nil && !$0.isNull }):
      let words = items.compactMap { $0.scalar?.text }
      return DrydockSettings.Hook(
        service: service, command: words.joined(separator: " "), argv: words, location: location)
    default:
      fail(
        "the hook's command is a text, which a shell reads, or a list of words", at: command.offset, Self.form
      )
      return nil
    }
  }
}
