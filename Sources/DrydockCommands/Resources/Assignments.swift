import DrydockBase
import Emulator

/// `Option=value` arguments.
enum Assignments {
  /// The values by name; of a name that is given twice, the last one.
  /// - Parameter expected: What the error about another form says was expected.
  /// - Throws: `DrydockError.failed` for an argument of another form.
  static func parse(_ arguments: [String], expected: String) throws -> [String: String] {
    var values: [String: String] = [:]
    for argument in arguments {
      guard let (name, value) = argument.pairExactly(at: "="), !name.isEmpty else {
        throw DrydockError(.failed, "\(expected) expected: \(argument)")
      }
      values[name] = value
    }
    return values
  }
}
