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
}
