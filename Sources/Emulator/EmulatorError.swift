/// What went wrong in terms of what a user can do about it. One type for the whole orchestration; the leaves'
/// own errors are turned into it where they meet an instance or resource.
public struct EmulatorError: Error, Sendable, Hashable {
  /// The kind of failure, which decides the exit status (the numbers are those of sysexits).
  public enum Code: Int32, Sendable, Hashable {
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
  public var code: Code
  /// What happened, naming the thing.
  public var message: String
  /// What to do next.
  public var suggestion: String?
  /// Further lines: the last words of a log, the choices.
  public var details: [String]
  /// Whether the system is out of descriptors, processes or memory, so that nothing can be said of what was looked for.
  var isShortage = false

  /// An error with its next step.
  public init(_ code: Code, _ message: String, suggestion: String? = nil, details: [String] = []) {
    self.code = code
    self.message = message
    self.suggestion = suggestion
    self.details = details
  }
}

/// Several resources failed side by side.
public struct AggregateError: Error, Sendable {
  /// What went wrong with each, in the order of the manifest.
  public var failures: [(resource: String, error: EmulatorError)]

  /// The kind of failure that decides the exit status: the first one's, a missed deadline last.
  public var code: EmulatorError.Code {
    failures.map(\.error.code).first { $0 != .notReady } ?? failures.first?.error.code ?? .failed
  }

  /// Failures, in the order of the manifest.
  public init(_ failures: [(resource: String, error: EmulatorError)]) {
    self.failures = failures
  }
}
