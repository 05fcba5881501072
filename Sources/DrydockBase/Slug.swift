/// Names made safe for files, containers and server settings.
package enum Slug {
  /// `[a-z0-9-]` of a name, unchanged where the name is that already; else shortened, with a hash of the whole
  /// name behind, so that different names stay different.
  package static func make(_ name: String, limit: Int = 48) -> String {
    let slug = String(name.lowercased().map { isPlain($0) ? $0 : "-" })
    if slug == name, slug.count <= limit, !slug.isEmpty { return slug }
    let hash = shortHash(name)
    return "\(slug.prefix(max(0, limit - hash.count - 1)))-\(hash)"
  }

  private static func isPlain(_ character: Character) -> Bool {
    character.isASCII && (character.isLowercase || character.isNumber) || character == "-"
  }
}

/// The 64-bit FNV-1a hash of a text, which is the same in every process, unlike Swift's own. It keeps nobody from finding
/// another text with the same hash.
package func fnv1a(_ text: String) -> UInt64 {
  text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// The same in letters and digits, for names: at most 13 of `[a-z0-9]`.
package func shortHash(_ text: String) -> String { String(fnv1a(text), radix: 36) }
