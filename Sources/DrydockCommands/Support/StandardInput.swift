import ByteStreams
import ConvoxEnvironment
import DrydockBase
import Emulator
import Essentials

/// What commands read from their standard input.
enum StandardInput {
  /// The first line that is typed at the terminal; nil at the end of the input.
  /// - Throws: `CancellationError`, `DrydockError`.
  static func line(
    from source: ByteSource = DescriptorStreams.source(STDIN_FILENO)
  ) async throws -> String? {
    var bytes: [UInt8] = []
    while !bytes.contains(UInt8(ascii: "\n")) {
      guard let more = try await source() else { break }
      bytes += more
    }
    guard let line = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).first,
      !bytes.isEmpty
    else { return nil }
    return String(decoding: line, as: UTF8.self)
  }

  /// `KEY=value` lines, where a command has no arguments and its input is no terminal.
  static func assignments(unless arguments: [String], _ console: Console) async throws -> [String: String] {
    guard arguments.isEmpty, isatty(STDIN_FILENO) == 0 else { return [:] }
    let source = DescriptorStreams.source(STDIN_FILENO)
    var bytes: [UInt8] = []
    do {
      while let more = try await source() { bytes += more }
    } catch is DrydockError {
      throw DrydockError(
        .usage, "standard input cannot be read", suggestion: "give the values as arguments: NAME=value")
    }
    do {
      let (environment, warnings) = try AppEnvironment.read(bytes)
      warnings.forEach { console.warn($0) }
      return environment.values
    } catch {
      throw DrydockError(.usage, "standard input: \(error.message)", suggestion: error.suggestion)
    }
  }
}
