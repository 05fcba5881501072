import DrydockTestSupport
import Foundation
import Testing

extension AppFixture {
  /// Runs `drydock resources`.
  @discardableResult
  func resources(_ words: String..., input: String = "") async throws -> CommandResult {
    try await start(["resources"] + words, input: input).result()
  }

  /// Runs `drydock resources`; anything but success fails the test.
  @discardableResult
  func require(_ words: String..., input: String = "") async throws -> CommandResult {
    let result = try await start(["resources"] + words, input: input).result()
    try #require(result.status == 0, "\(words): \(result)")
    return result
  }

  /// A command that has to fail as Convox's do, saying all of these.
  @discardableResult
  func refuses(
    _ words: String..., input: String = "", saying texts: String...
  ) async throws -> CommandResult {
    let result = try await start(["resources"] + words, input: input).result()
    #expect(result.status == 1, "\(words): \(result)")
    for text in texts { #expect(result.stderr.contains(text), "\(words): \(result)") }
    return result
  }

  /// Writes the first bytes of a file to another.
  func cut(_ name: String, to other: String, keeping share: Double) throws {
    let whole = try Data(contentsOf: folder.appending(path: name))
    try whole.prefix(Int(Double(whole.count) * share)).write(to: folder.appending(path: other))
  }

  /// The size of a file of the app in bytes.
  func size(_ name: String) throws -> Int { try Data(contentsOf: folder.appending(path: name)).count }

  /// Permission bits of a file of the app.
  func mode(_ name: String) throws -> Int {
    let path = folder.appending(path: name).path(percentEncoded: false)
    return try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
  }

  /// The names in the app's folder.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
  }

  /// The variables of the app.
  func url(_ name: String) async throws -> String {
    try await require("url", name).stdout.trimmingCharacters(in: .newlines)
  }
}

/// The command lines of all processes of the machine that contain a text.
func commandLines(containing text: String) -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return names.filter { Int($0) != nil }.compactMap { id in
    let bytes = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
    let line = String(decoding: bytes, as: UTF8.self).replacing("\0", with: " ")
    return line.contains(text) ? line : nil
  }
}
