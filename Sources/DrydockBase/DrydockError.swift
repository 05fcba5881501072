/// What went wrong in terms of what a user can do about it.
///
/// Libraries that know what a user can do throw it themselves; those that do not have errors of their own, which become
/// one of these by `DrydockErrorConvertible`.
package struct DrydockError: Error, Sendable, Hashable {
  /// The kind of failure, which decides the exit status (the numbers are those of sysexits).
  package enum Code: Int32, Sendable, Hashable {
    /// Anything that none of the others says.
    case failed = 1
    /// A command was given something that does not exist or does not fit.
    case usage = 64
    /// The manifest is wrong.
    case manifestInvalid = 65
    /// There is no manifest.
    case manifestMissing = 66
    /// No runtime or engine can be had.
    case unavailable = 69
    /// drydock's own fault.
    case internalFault = 70
    /// State cannot be written.
    case cannotWrite = 73
    /// A resource was not ready in time.
    case notReady = 75
    /// Somebody else's, and not taken for the caller's unasked.
    case notTrusted = 77
    /// The data that exists and the manifest disagree.
    case dataMismatch = 78
  }

  /// The kind of failure.
  package var code: Code
  /// What happened, naming the thing.
  package var message: String
  /// What to do next.
  package var suggestion: String?
  /// Further lines: the last words of a log, the choices.
  package var details: [String]
  /// Whether the system is out of descriptors, processes or memory, so that nothing can be said of what was looked for.
  package var isShortage: Bool

  /// An error with its next step.
  package init(
    _ code: Code, _ message: String, suggestion: String? = nil, details: [String] = [],
    isShortage: Bool = false
  ) {
    self.code = code
    self.message = message
    self.suggestion = suggestion
    self.details = details
    self.isShortage = isShortage
  }
}
