package import Engines
import Essentials

extension PackageSource {
  /// Where this machine's packages come from.
  package static var ofThisMachine: PackageSource {
    #if os(macOS)
      .homebrew
    #else
      // os-release(5) says to look in both, in this order.
      ["/etc/os-release", "/usr/lib/os-release"].lazy
        .compactMap { FileManager.default.contents(atPath: $0) }.first
        .map { PackageSource(osRelease: String(decoding: $0, as: UTF8.self)) } ?? .unknown
    #endif
  }
}
