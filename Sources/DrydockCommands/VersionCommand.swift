import ArgumentParser
import HealthProbes
import TransportSecurity

/// drydock's own version.
enum Version {
  static let number = "0.1.0"

  /// The compiler's series that built it.
  static var swift: String {
    #if swift(>=6.4)
      "6.4 or later"
    #elseif swift(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}

/// `drydock version`.
struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Show the versions of drydock and of the libraries that it uses.",
    discussion: """
      Examples:
        drydock version
        drydock version --format json
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let versions = Versions()
    let console = Console(common.shared)
    if common.format == .json { return try console.print(json: versions) }
    console.print("drydock     \(versions.drydock)")
    console.print("swift       \(versions.swift)")
    console.print("libpq       \(versions.libpq ?? "not installed")")
    console.print("hiredis     \(versions.hiredis)")
    console.print("libmariadb  \(versions.libmariadb ?? "not installed")")
    console.print("openssl     \(versions.openssl)")
  }
}

private struct Versions: Codable, Sendable {
  var drydock = Version.number
  var swift = Version.swift
  var libpq = try? libpqVersion()
  var hiredis = hiredisVersion()
  var libmariadb = try? libmariadbVersion()
  var openssl = opensslVersion()
}
