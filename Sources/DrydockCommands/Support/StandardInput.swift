import ConvoxEnvironment
import DrydockBase
import Emulator
import Foundation

/// What commands read from their standard input.
enum StandardInput {
  /// `KEY=value` lines, where a command has no arguments and its input is no terminal.
  static func assignments(unless arguments: [String], _ console: Console) throws -> [String: String] {
    guard arguments.isEmpty, isatty(STDIN_FILENO) == 0 else { return [:] }
    let data: Data
    do {
      data = try FileHandle.standardInput.readToEnd() ?? Data()
    } catch {
      throw DrydockError(
        .usage, "standard input cannot be read", suggestion: "give the values as arguments: NAME=value")
    }
    do {
      let (environment, warnings) = try AppEnvironment.read(Array(data))
      warnings.forEach { console.warn($0) }
      return environment.values
    } catch {
      throw DrydockError(.usage, "standard input: \(error.message)", suggestion: error.suggestion)
    }
  }
}
