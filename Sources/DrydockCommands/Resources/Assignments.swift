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
      guard let split = argument.firstIndex(of: "="), split != argument.startIndex else {
        throw DrydockError(.failed, "\(expected) expected: \(argument)")
      }
      values[String(argument[..<split])] = String(argument[argument.index(after: split)...])
    }
    return values
  }
}
