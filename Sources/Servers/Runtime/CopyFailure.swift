package import DrydockBase

/// Why a replica could not be given its source's data.
package enum CopyFailure {
  /// How many of the last lines are told.
  private static let shown = 8

  /// The error for a user.
  /// - Parameters:
  ///   - resource: The replica.
  ///   - how: How the copying ended, such as `failed with exit code 1`.
  ///   - output: What the tools wrote.
  ///   - isDiskFull: Whether the disk of the copy is full, where that can be looked at: a tool whose server went away for
  ///     want of space says only that.
  ///   - remedy: What to do where no space is left.
  package static func error(
    _ resource: String, _ how: String, output: String, isDiskFull: Bool = false,
    remedy: String = WriteRemedy.elsewhere
  ) -> DrydockError {
    let lines = output.split(whereSeparator: \.isNewline).map(String.init)
    let isFull = isDiskFull || WriteRemedy.saysDiskIsFull(output)
    let reason = isFull ? "no space is left on the disk of the copy" : how
    return DrydockError(
      isFull ? .cannotWrite : .failed, "resource \(resource): copying its source failed: \(reason)",
      suggestion: isFull ? remedy : nil, details: Array(lines.suffix(shown)))
  }
}
