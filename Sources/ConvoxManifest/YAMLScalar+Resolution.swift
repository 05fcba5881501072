/// What an untyped YAML 1.1 scalar means to the fork of Go's yaml.v2 that a v2 rack uses.
enum ResolvedScalar: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// A whole number in decimal digits.
  case integer(String)
  /// A floating-point number in the shortest form that Go writes.
  case float(String)
  case string(String)

  /// What arrives where a string is wanted, after Convox wrote the value out and read it again.
  var text: String {
    switch self {
    case .null: ""
    case .boolean(let value): value ? "true" : "false"
    case .integer(let text), .float(let text), .string(let text): text
    }
  }

  /// The type's name in Go.
  var goType: String {
    switch self {
    case .null: "<nil>"
    case .boolean: "bool"
    case .integer: "int"
    case .float: "float64"
    case .string: "string"
    }
  }

  /// The tag in its short form.
  var tag: String {
    switch self {
    case .null: "!!null"
    case .boolean: "!!bool"
    case .integer: "!!int"
    case .float: "!!float"
    case .string: "!!str"
    }
  }
}

extension YAMLScalar {
  /// The value as Convox has it, which writes what it has read of a resource, a service or a timer out and reads it once
  /// more: `3.0` was written as `3`, and is a whole number then.
  var resolved: ResolvedScalar {
    let value = resolvedOnce
    guard case .float(let text) = value, YAMLScalar.integer(text) != nil else { return value }
    return .integer(text)
  }

  /// The value by YAML 1.1's rules, as a name is read. A tag that does not fit its text leaves the text as it is.
  var resolvedOnce: ResolvedScalar {
    switch tag {
    case nil: isPlain ? YAMLScalar.resolve(text) : .string(text)
    case "!!null", "!!bool", "!!int", "!!float": retagged(YAMLScalar.resolve(text))
    default: .string(text)
    }
  }

  private func retagged(_ value: ResolvedScalar) -> ResolvedScalar {
    if case .integer(let digits) = value, tag == "!!float" {
      return Double(digits).map { .float(goFormat($0)) } ?? value
    }
    return value.tag == tag ? value : .string(text)
  }

  private static let words: [String: ResolvedScalar] = {
    var words: [String: ResolvedScalar] = ["": .null, "~": .null]
    func add(_ names: String, _ value: ResolvedScalar) {
      for name in names.split(separator: " ") { words[String(name)] = value }
    }
    add("null Null NULL", .null)
    add("y Y yes Yes YES true True TRUE on On ON", .boolean(true))
    add("n N no No NO false False FALSE off Off OFF", .boolean(false))
    add(".nan .NaN .NAN", .float(".nan"))
    add(".inf .Inf .INF +.inf +.Inf +.INF", .float(".inf"))
    add("-.inf -.Inf -.INF", .float("-.inf"))
    return words
  }()

  private static func resolve(_ text: String) -> ResolvedScalar {
    if let word = words[text] { return word }
    guard let first = text.utf8.first else { return .null }
    switch first {
    case UInt8(ascii: "."):
      return float(text).map { .float(goFormat($0)) } ?? .string(text)
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"):
      let plain = text.replacing("_", with: "")
      if let digits = integer(plain) { return .integer(digits) }
      return isFloat(plain) ? float(plain).map { .float(goFormat($0)) } ?? .string(text) : .string(text)
    default:
      return .string(text)
    }
  }

  /// The fork's pattern, `[-+]?[0-9]*\.?[0-9]+([eE][-+][0-9]+)?`: `1e3` and `5.` are words to it.
  private static func isFloat(_ text: String) -> Bool {
    let unsigned = text.utf8.dropFirst("+-".utf8.contains(text.utf8.first ?? 0) ? 1 : 0)
    let parts = unsigned.split(maxSplits: 1, omittingEmptySubsequences: false) { "eE".utf8.contains($0) }
    guard let mantissa = parts.first else { return false }
    let numbers = mantissa.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    func isNumber(_ digits: Substring.UTF8View.SubSequence) -> Bool {
      !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    guard numbers.count <= 2, let last = numbers.last, isNumber(last),
      numbers.dropLast().allSatisfy({ $0.isEmpty || isNumber($0) })
    else { return false }
    guard parts.count == 2, let exponent = parts.last else { return true }
    return "+-".utf8.contains(exponent.first ?? 0) && isNumber(exponent.dropFirst())
  }

  /// Go's `ParseInt` with base 0, then `ParseUint`: `0x`, `0o`, `0b`, and a leading 0 for octal.
  private static func integer(_ text: String) -> String? {
    let isNegative = text.hasPrefix("-")
    let isSigned = isNegative || text.hasPrefix("+")
    var digits = Substring(text).dropFirst(isSigned ? 1 : 0)
    var radix = 10
    if digits.hasPrefix("0"), digits.utf8.count > 1 {
      switch digits.dropFirst().first {
      case "x", "X": radix = 16
      case "o", "O": radix = 8
      case "b", "B": radix = 2
      default: radix = 8
      }
      let hasLetter = digits.dropFirst().first.map { $0.isLetter } ?? false
      digits = digits.dropFirst(hasLetter ? 2 : 1)
    }
    guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
      let magnitude = UInt64(digits, radix: radix)
    else { return nil }
    if isNegative { return Int64("-\(magnitude)").map(String.init) }
    return isSigned && Int64(exactly: magnitude) == nil ? nil : String(magnitude)
  }

  /// What a float consists of; hexadecimal ones, `inf` and `nan` have other letters.
  private static let floatCharacters = Set("0123456789.eE+-".utf8)

  /// YAML's form of a float, read as Go's `ParseFloat` does: out of range is no number.
  private static func float(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ floatCharacters.contains($0) }), let value = Double(text), value.isFinite
    else { return nil }
    return value
  }
}

/// The shortest decimal form, with an exponent below 10^-4 and from 10^6 on, as Go's
/// `FormatFloat(value, 'g', -1, 64)` writes it.
func goFormat(_ value: Double) -> String {
  guard value != 0 else { return value.sign == .minus ? "-0" : "0" }
  let (digits, exponent) = shortestDigits(abs(value))
  let sign = value < 0 ? "-" : ""
  if exponent < -4 || exponent >= 6 {
    let fraction = digits.dropFirst()
    let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
    let mantissa = fraction.isEmpty ? "\(digits.prefix(1))" : "\(digits.prefix(1)).\(fraction)"
    return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(power)"
  }
  if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
  let whole = exponent + 1
  guard digits.count > whole else {
    return sign + digits + String(repeating: "0", count: whole - digits.count)
  }
  return sign + digits.prefix(whole) + "." + digits.dropFirst(whole)
}

/// The significant digits of a positive number, and the power of ten of the first.
private func shortestDigits(_ value: Double) -> (digits: String, exponent: Int) {
  let parts = value.description.split(separator: "e")
  let number = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = String(number[0])
  let fraction = number.count > 1 ? String(number[1]) : ""
  let all = whole + fraction
  let leading = all.prefix { $0 == "0" }.count
  var digits = String(all.dropFirst(leading))
  while digits.hasSuffix("0") { digits.removeLast() }
  let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  return (digits.isEmpty ? "0" : digits, power + whole.count - 1 - leading)
}
