import ArgumentParser
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import Essentials
import TerminalProgress

/// Prints errors: what, where, what to do next. The one place where that is done.
enum ErrorReport {
  /// Prints an error of ours.
  /// - Returns: The status to exit with; nil for an error that the argument parser prints itself.
  static func print(_ error: any Error) -> Int32? {
    switch error {
    case let error as Interrupted:
      // Who went away is told nothing.
      if error.signal != SIGPIPE { write("interrupted") }
      return error.status
    case let error as CommandEnded:
      return error.status
    case let error as ExitCode:
      return error.rawValue
    case let error as ManifestError:
      error.diagnostics.forEach { write(lines(of: $0)) }
      return DrydockError.Code.manifestInvalid.rawValue
    case let error as AggregateError:
      error.failures.forEach { write(lines(of: $0.error)) }
      return error.code.rawValue
    case is CleanExit, is ValidationError:
      return nil
    default:
      guard let known = known(error) else { return nil }
      write(lines(of: known))
      return known.code.rawValue
    }
  }

  private static func known(_ error: any Error) -> DrydockError? {
    if let error = error as? DrydockError { return error }
    if let error = error as? EnvironmentError {
      return DrydockError(.manifestInvalid, error.placedMessage, suggestion: error.suggestion)
    }
    // The argument parser's own errors are of types that it keeps to itself.
    if String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") { return nil }
    return DrydockError(error)
  }

  private static func lines(of diagnostic: Diagnostic) -> String {
    let label = diagnostic.severity == .error ? "ERROR" : "WARNING"
    return "\(label): \(diagnostic.text)"
  }

  private static func lines(of error: DrydockError) -> String { "ERROR: \(error.text)" }

  private static func write(_ text: String) { StandardStreams.say(TerminalText.message(text) + "\n") }

  /// A diagnostic as a line for a person.
  static func describe(_ diagnostic: Diagnostic) -> String { TerminalText.message(lines(of: diagnostic)) }
}
