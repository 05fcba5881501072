package import AppState
import DrydockBase

/// The names of resources that are created on their own.
package enum ResourceName {
  /// Longer ones would be shortened in the names of files and containers.
  private static let limit = 48

  /// Refuses a name that a rack would not take.
  /// - Throws: `DrydockError.failed`.
  package static func check(_ name: String) throws {
    guard name.wholeMatch(of: /[a-z][a-z0-9-]*/) != nil else {
      throw DrydockError(
        .failed, "resource name \(name) invalid, must contain only lowercase alphanumeric and dashes",
        suggestion: "it begins with a letter, as in main-db")
    }
    guard name.count <= limit else {
      throw DrydockError(.failed, "resource name \(name) invalid, must have \(limit) characters at most")
    }
  }

  /// Refuses a name that another resource or an app has.
  /// - Throws: `DrydockError.failed`.
  package static func refuseTaken(_ name: String, by states: [InstanceState]) throws {
    guard let holder = states.first(where: { $0.handle == name }) else { return }
    guard let created = holder.created else {
      throw DrydockError(
        .failed, "an app is called \(name) already, in \(holder.path)",
        suggestion: "choose another name: --name NAME")
    }
    throw DrydockError(
      .failed, "resource already exists: \(name) (\(created.type))",
      suggestion: "choose another name, or delete that one: drydock resources delete \(name)")
  }

  /// A name such as `mysql-4624` that nothing has.
  package static func make(_ type: String, besides states: [InstanceState]) -> String {
    let taken = Set(states.map(\.handle))
    var digits = 4
    while true {
      let smallest = (1..<digits).reduce(1) { number, _ in number * 10 }
      let name = "\(type)-\(Int.random(in: smallest..<(smallest * 10)))"
      if !taken.contains(name) { return name }
      digits += taken.count > smallest ? 1 : 0
    }
  }
}
