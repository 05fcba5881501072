import DrydockBase

/// Where a machine's packages come from, which decides what an engine's package is called, and whether there is one.
package enum PackageSource: Sendable, Hashable {
  /// Debian, by its release: 12 for bookworm. Testing and unstable have no number, and are newer than any.
  case debian(Int?)
  case ubuntu
  case homebrew
  /// A system whose names of packages are not known.
  case unknown

  /// By the text of os-release(5).
  package init(osRelease text: String) {
    let fields = text.splitExactly(at: "\n").reduce(into: [String: String]()) { fields, line in
      let parts = line.splitExactly(at: "=")
      guard parts.count == 2 else { return }
      fields[parts[0]] = parts[1].replacingExactly("\"", with: "")
    }
    switch fields["ID"] {
    case "debian": self = .debian(fields["VERSION_ID"].flatMap { Int($0) })
    case "ubuntu": self = .ubuntu
    default: self = .unknown
    }
  }

  /// Whether Debian's packages from a release on are here; Ubuntu's are taken for the newest.
  func hasDebian(from release: Int) -> Bool {
    guard case .debian(let here?) = self else { return true }
    return here >= release
  }
}
