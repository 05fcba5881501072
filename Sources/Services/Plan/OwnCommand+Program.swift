import DrydockBase

extension OwnCommand {
  /// The command as a container gets it, behind the image's entry point: a text is a shell's.
  var containerCommand: [String] {
    switch self {
    case .words(let words): words
    case .shell(let text): ["sh", "-c", text]
    }
  }

  /// As people read it.
  var text: String {
    switch self {
    case .words(let words): words.joined(separator: " ")
    case .shell(let text): text
    }
  }

  /// The program that it names first, for a look whether that is here; nil where a shell has more to do than start one.
  var program: String? {
    switch self {
    case .words(let words): return words.first
    case .shell(let text):
      guard case let words = arguments(keeper: nil), words.last?.beginsExactly(with: "exec ") == true else {
        return nil
      }
      // Whoever writes `exec` himself means the word behind it.
      let named = text.splitExactly(at: " ").filter { !$0.isEmpty }.drop { $0 == "exec" }
      return named.first.flatMap { $0.unicodeScalars.contains("$") ? nil : $0 }
    }
  }
}
