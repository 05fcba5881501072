/// Names made safe for files, containers and server settings.
public enum Slug {
  /// `[a-z0-9-]` of a name, unchanged where the name is that already; else shortened, with a hash of the whole
  /// name behind, so that different names stay different.
  public static func make(_ name: String, limit: Int = 48) -> String {
    let slug = String(name.lowercased().map { isPlain($0) ? $0 : "-" })
    if slug == name, slug.count <= limit, !slug.isEmpty { return slug }
    let hash = String(fnv1a(name), radix: 36)
    return "\(slug.prefix(max(0, limit - hash.count - 1)))-\(hash)"
  }

  private static func isPlain(_ character: Character) -> Bool {
    character.isASCII && (character.isLowercase || character.isNumber) || character == "-"
  }

  /// The 64-bit FNV-1a hash, which is the same in every process, unlike Swift's own.
  public static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
