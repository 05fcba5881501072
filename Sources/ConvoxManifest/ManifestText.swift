import DrydockBase
import Yams

/// Writes manifests that drydock makes itself.
package enum ManifestText {
  /// The text of a manifest with one resource.
  ///
  /// Every value is a quoted string, so that it is read back as it was given; a `${` in it is escaped, since
  /// the raw text is interpolated before it is YAML.
  /// - Parameter options: By name; an empty value counts as not set, and is left out.
  package static func single(_ resource: String, type: String, options: [String: String]) throws -> String {
    let set = options.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
    var pairs: [(Node, Node)] = [(plain("type"), quoted(type))]
    if !set.isEmpty {
      pairs.append((plain("options"), mapping(set.map { (quoted($0.key), quoted($0.value)) })))
    }
    let document = mapping([(plain("resources"), mapping([(quoted(resource), mapping(pairs))]))])
    return try serialize(node: document, width: -1, allowUnicode: true).replacingExactly("${", with: "\\x24{")
  }

  private static func plain(_ text: String) -> Node { Node(text, Tag(.str)) }
  private static func quoted(_ text: String) -> Node { Node(text, Tag(.str), .doubleQuoted) }
  private static func mapping(_ pairs: [(Node, Node)]) -> Node { Node(pairs, Tag(.map), .block) }
}
