import DrydockBase

/// Writes manifests that drydock makes itself.
package enum ManifestText {
  /// The text of a manifest with one resource.
  ///
  /// Every value is a quoted string, so that it is read back as it was given; a `${` in it is escaped, since
  /// the raw text is interpolated before it is YAML.
  /// - Parameter options: By name; an empty value counts as not set, and is left out.
  package static func single(_ resource: String, type: String, options: [String: String]) -> String {
    let set = options.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
    let lines = ["resources:", "  \(quoted(resource)):", "    type: \(quoted(type))"]
    let optionLines = set.map { "      \(quoted($0.key)): \(quoted($0.value))" }
    return (lines + (set.isEmpty ? [] : ["    options:"] + optionLines)).joined(separator: "\n") + "\n"
  }

  /// A double-quoted scalar of YAML 1.1, all that is no printable character escaped.
  private static func quoted(_ text: String) -> String {
    var quoted = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22, 0x5C: quoted += ["\\", scalar]
      case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x1_0000...:
        quoted.append(scalar)
      case 0...0xFF: quoted += escape("x", scalar.value, digits: 2)
      default: quoted += escape("u", scalar.value, digits: 4)
      }
    }
    return "\"\(String(quoted).replacingExactly("${", with: "\\x24{"))\""
  }

  private static func escape(_ kind: String, _ value: UInt32, digits: Int) -> String.UnicodeScalarView {
    let text = String(value, radix: 16)
    return ("\\" + kind + String(repeating: "0", count: digits - text.utf8.count) + text).unicodeScalars
  }
}
