/// What a Dockerfile is made of, byte by byte: all that has a meaning in it is ASCII.
enum Mark {
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let tab = UInt8(ascii: "\t")
  static let comment = UInt8(ascii: "#")
  static let single = UInt8(ascii: "'")
  static let double = UInt8(ascii: "\"")
  static let equals = UInt8(ascii: "=")
  static let dash = UInt8(ascii: "-")
  static let dollar = UInt8(ascii: "$")
  static let less = UInt8(ascii: "<")
}

extension UInt8 {
  /// Space, tab and their like, as Go's regular expressions know them.
  var isBlank: Bool { self == 0x20 || (0x09...0x0d).contains(self) }

  var isDigit: Bool { (0x30...0x39).contains(self) }

  /// A letter or an underscore, with which a variable's name begins.
  var isNameStart: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) || self == 0x5f }

  var isNamePart: Bool { isNameStart || isDigit }
}

extension Collection<UInt8> {
  var text: String { String(decoding: self, as: UTF8.self) }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
  /// Without blanks at both ends.
  var trimmed: SubSequence {
    guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank })
    else { return self[endIndex...] }
    return self[first...last]
  }
}

/// Splits at blanks that stand neither in quotes nor behind an escape; both stay in the words.
func shellWords(_ bytes: ArraySlice<UInt8>, escape: UInt8) -> [ArraySlice<UInt8>] {
  var words: [ArraySlice<UInt8>] = []
  var start: Int?
  var quote: UInt8?
  var index = bytes.startIndex
  while index < bytes.endIndex {
    let byte = bytes[index]
    if byte.isBlank, quote == nil {
      if let begin = start { words.append(bytes[begin..<index]) }
      start = nil
    } else {
      start = start ?? index
      // Within single quotes nothing is escaped.
      if byte == escape, quote != Mark.single {
        index += 1
      } else if byte == quote {
        quote = nil
      } else if quote == nil, byte == Mark.single || byte == Mark.double {
        quote = byte
      }
    }
    index += 1
  }
  if let start { words.append(bytes[start...]) }
  return words
}

/// Splits at blanks, whatever the quotes.
func plainWords(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
  bytes.split { $0.isBlank }
}
