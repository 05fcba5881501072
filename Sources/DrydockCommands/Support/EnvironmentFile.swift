import ConvoxEnvironment
import DrydockBase
import LocalFiles

/// A file of variables that the user names.
struct EnvironmentFile {
  /// How its bytes are read.
  typealias Reader = ([UInt8]) throws(EnvironmentFileError) -> (
    environment: AppEnvironment, warnings: [String]
  )

  private let path: String

  init(_ path: String) { self.path = path }

  /// Reads it.
  /// - Throws: `DrydockError.usage` for what is no file of variables.
  func read(_ reader: Reader) throws -> (environment: AppEnvironment, warnings: [String]) {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, limit: 1 << 24, takesStreams: true)
    } catch {
      throw DrydockError(
        .usage, "cannot read the env file \(path): \(error.reason)",
        suggestion: "name a file with a NAME=value on each line")
    }
    do {
      return try reader(bytes)
    } catch {
      throw DrydockError(
        .usage, "cannot read the env file \(path): \(error.message)", suggestion: error.suggestion)
    }
  }
}
