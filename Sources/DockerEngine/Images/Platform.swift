/// An operating system and processor architecture that an image is made for.
package struct Platform: Sendable, Hashable, CustomStringConvertible {
  /// The operating system, as Go names it: `linux`.
  package let os: String
  /// The architecture, as Go names it: `amd64`, `arm64`.
  package let architecture: String
  /// The variant of the architecture, such as `v8`.
  package let variant: String?

  /// A platform from its parts.
  package init(os: String = "linux", architecture: String, variant: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant
  }

  /// The platform as the API takes it: `linux/arm64/v8`.
  package var description: String {
    [os, architecture, variant].compactMap(\.self).joined(separator: "/")
  }

  /// Whether an image for this platform runs on the other; a variant counts only where both have one.
  package func matches(_ other: Platform) -> Bool {
    guard os == other.os, architecture == other.architecture else { return false }
    guard let variant, let otherVariant = other.variant else { return true }
    return variant == otherVariant
  }
}

extension Platform: Decodable {
  private enum CodingKeys: String, CodingKey {
    case os, architecture, variant
  }

  /// Decodes the form in which registries list platforms.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let variant = try values.decodeIfPresent(String.self, forKey: .variant)
    self.init(
      os: try values.decodeIfPresent(String.self, forKey: .os) ?? "linux",
      architecture: try values.decode(String.self, forKey: .architecture),
      variant: variant.flatMap { $0.isEmpty ? nil : $0 })
  }
}
