import DrydockBase

extension OptionRule {
  /// What AWS makes of a value.
  enum Verdict: Sendable, Hashable {
    /// It takes it.
    case fine
    /// It may take it, and knows no such value today.
    case unknown(String)
    /// It refuses it, though its form is right: here it can be gone on with.
    case refused(String)
    /// It refuses it, and nobody can tell what was meant.
    case unreadable(String)
  }

  /// What AWS makes of a value.
  func verdict(on value: String) -> Verdict {
    guard let problem = problem(with: value) else { return .fine }
    switch kind {
    case .instanceClass: return .unknown(problem)
    case .backupWindow: return .refused(problem)
    case .integer where value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) && UInt32(value) != nil:
      return .refused(problem)
    default: return .unreadable(problem)
    }
  }

  /// What the option takes, where that is not this value ("takes true or false"); nil where it is.
  func problem(with value: String) -> String? {
    switch kind {
    case .boolean:
      return value == "true" || value == "false" ? nil : "takes true or false"
    case .integer(let range):
      let number = value.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(value) : nil
      guard number.map(range.contains) != true else { return nil }
      return range.upperBound == .max
        ? "takes a whole number from \(range.lowerBound)"
        : "takes a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .version:
      return OptionForm.isVersion(value) ? nil : "takes a version such as 12 or 10.3.8"
    case .instanceClass(let prefix):
      return OptionForm.isInstanceClass(value, prefix: prefix)
        ? nil : "takes a class such as \(defaultValue ?? "\(prefix)t3.micro")"
    case .backupWindow:
      return OptionRule.backupWindowProblem(value)
    case .permissions:
      return OptionForm.isPermissions(value) ? nil : "takes 3 or 4 octal digits such as 0755"
    case .path:
      let isUpward = value.splitExactly(at: "/").contains("..")
      return value.beginsExactly(with: "/") && !isUpward ? nil : "takes an absolute path without `..`"
    case .resourceReference:
      return nil  // by the rules of replicas, which have Convox's own words
    case .choice(let words):
      return words.contains(value) ? nil : "takes \(words.joined(separator: " or "))"
    case .text:
      return nil
    }
  }

  /// A window may pass midnight; it has 30 minutes at least.
  private static func backupWindowProblem(_ value: String) -> String? {
    guard let (start, end) = OptionForm.window(value) else {
      return "takes a window in UTC such as 03:00-03:30"
    }
    return (end - start + 1440) % 1440 >= 30 ? nil : "takes a window of 30 minutes at least"
  }
}
