/// Something in which a type differs between AWS and here, and that no option changes.
package struct TypeDifference: Sendable, Hashable {
  /// What it is about, in brackets, as options have names like it.
  package var name: String
  /// What it is here.
  package var value: String
  /// What it is on AWS.
  package var aws: String
  /// What that means for an app, in a few words.
  package var detail: String

  /// A difference.
  package init(_ name: String, _ value: String, onAWS aws: String, _ detail: String) {
    self.name = name
    self.value = value
    self.aws = aws
    self.detail = detail
  }
}
