import CProcessDescriptor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Another program in this process's place, with its variables and others.
///
/// The variables are put together beside those that this process has: other threads may be reading them.
package struct ProcessReplacement: Sendable {
  /// The program, looked for on the path.
  package var program: String
  /// Its arguments, its own name first.
  package var words: [String]
  /// The variables of this process that it does not get.
  package var hidden: Set<String> = []
  /// Whether it gets none of the variables that this process has.
  package var inheritsNothing = false
  /// Those that it gets besides, in place of this process's own of the same name.
  package var variables: [String: String] = [:]
  /// Those that were taken out of this process's environment, as `NAME=value` with a NUL at the end.
  package var restored: [[CChar]] = []

  /// A program with its arguments.
  package init(program: String, words: [String]) {
    self.program = program
    self.words = words
  }

  /// What the program finds in its environment, as bytes: what the caller set need not be text.
  func environment(from own: [[CChar]]) -> [[CChar]] {
    let names = hidden.union(variables.keys)
    let kept = inheritsNothing ? [] : (own + restored).filter { !names.contains(Self.name(of: $0)) }
    // As setenv(3) has it, a name is not empty and holds no equals sign: it would be another variable's.
    let added = variables.filter { !$0.key.isEmpty && !$0.key.utf8.contains(UInt8(ascii: "=")) }
    return kept + added.sorted { $0.key < $1.key }.map { Array("\($0.key)=\($0.value)".utf8CString) }
  }

  private static func name(of entry: [CChar]) -> String {
    let equals = CChar(UInt8(ascii: "="))
    let name = entry.prefix { $0 != equals && $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: name, as: UTF8.self)
  }

  /// Becomes the program.
  /// - Returns: Only where that fails: the error number.
  package func perform() -> Int32 {
    var environment = Self.copies(environment(from: Self.own))
    var arguments = Self.copies(words.map { Array($0.utf8CString) })
    _ = drydock_become(program, &arguments, &environment)
    return errno
  }

  /// What this process was given, as bytes.
  static var own: [[CChar]] {
    var entries: [[CChar]] = []
    guard var next = drydock_environment() else { return [] }
    while let entry = next.pointee {
      entries.append(Array(UnsafeBufferPointer(start: entry, count: strlen(entry) + 1)))
      next += 1
    }
    return entries
  }

  /// On the heap, where they stay until the program is there.
  private static func copies(_ texts: [[CChar]]) -> [UnsafeMutablePointer<CChar>?] {
    texts.map { strdup($0) } + [nil]
  }
}
