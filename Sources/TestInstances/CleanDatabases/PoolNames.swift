import DrydockBase
import Essentials

/// What the databases of a pool are called.
struct PoolNames: Sendable {
  /// What a template's name begins with.
  var template = "integresql_template_"
  /// What a copy's name begins with.
  var copy = "integresql_test_"
  /// The longest hash that goes into a name: PostgreSQL cuts what is longer than 63 bytes.
  var longestHash = 32

  /// The names of a template and of its copies.
  /// - Parameter number: Whose second and later template of that hash it may be.
  func template(_ hash: String, number: Int) -> PooledTemplate {
    let label = label(hash) + (number == 1 ? "" : "-\(number)")
    return PooledTemplate(name: template + label, prefix: "\(copy)\(label)_")
  }

  private func label(_ hash: String) -> String {
    guard !hash.isEmpty else { return "app" }
    let isPlain =
      hash.utf8.count <= longestHash
      && hash.utf8.allSatisfy { $0 < 128 && ($0 == 95 || isalnum(Int32($0)) != 0) }
    return isPlain ? hash : shortHash(hash)
  }
}
