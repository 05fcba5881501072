import Yams

/// Reads the first document of a YAML text by Yams, within bounds of depth and size.
///
/// Two things in Yams need a guard. It composes by recursion, so it runs on a stack of its own, ample for the
/// 1000 levels at which libyaml gives up. And it hashes a mapping's keys, which takes forever where a key is
/// an alias that grows exponentially; therefore aliases are made plain text first, keys are checked, and only
/// then is the real text composed.
enum YAMLReader {
  /// The deepest nesting that is read. Convox needs six levels.
  static let depthLimit = 100
  /// What is said about deeper nesting.
  static let tooDeep = "nested deeper than \(depthLimit) levels"
  /// What is said about a second document.
  static let laterDocument = "Convox reads the first document only; what follows it is ignored"
  /// The most values that are read, each alias counted as often as it is used.
  static let valueLimit = 100_000
  /// Eight times what libyaml's 1000 levels, each with an implicit mapping, take in an unoptimised build.
  private static let stackSize = 16 << 20
  /// A character for private use, which stands for `*` while aliases are looked through.
  private static let aliasMark: Unicode.Scalar = "\u{E000}"

  /// Reads the first document.
  static func read(_ source: ManifestSource) throws(YAMLRemark) -> YAMLDocument {
    let result = onThread(stackSize: stackSize) { () -> Result<YAMLDocument, YAMLRemark> in
      Result { () throws(YAMLRemark) in try compose(source) }
    }
    guard let result else {
      throw YAMLRemark(message: "no thread could be started to read YAML", offset: 0)
    }
    return try result.get()
  }

  private static func compose(_ source: ManifestSource) throws(YAMLRemark) -> YAMLDocument {
    let text = String(decoding: source.text.bytes, as: UTF8.self)
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { scalars.append(scalar == "*" ? aliasMark : scalar) }
    let withoutAliases = String(scalars)
    let outlineParser = try parser(of: withoutAliases, source)
    guard let outline = try nextRoot(outlineParser, source) else { return YAMLDocument() }
    let trailing = trailing(outlineParser, source)
    var builder = YAMLBuilder(marks: source.marks, aliasMark: aliasMark)
    let plain = try builder.build(outline)
    guard withoutAliases != text else {
      return YAMLDocument(root: plain, remarks: builder.remarks + trailing)
    }
    guard let node = try nextRoot(parser(of: text, source), source) else { return YAMLDocument() }
    builder = YAMLBuilder(marks: source.marks, aliasMark: aliasMark)
    return YAMLDocument(root: try builder.build(node), remarks: builder.remarks + trailing)
  }

  private static func parser(of text: String, _ source: ManifestSource) throws(YAMLRemark) -> Parser {
    do {
      return try Parser(yaml: text, resolver: .basic, encoding: .utf8)
    } catch {
      throw YAMLRemark(error, source)
    }
  }

  private static func nextRoot(_ parser: Parser, _ source: ManifestSource) throws(YAMLRemark) -> Node? {
    do {
      return try parser.nextRoot()
    } catch {
      throw YAMLRemark(error, source)
    }
  }

  /// What Convox would not see: it reads the first document only, whatever comes after.
  private static func trailing(_ parser: Parser, _ source: ManifestSource) -> [YAMLRemark] {
    func remark(_ offset: Int) -> YAMLRemark {
      YAMLRemark(
        message: laterDocument, offset: offset,
        suggestion: "remove it, or the line that ends the first document")
    }
    do {
      guard let next = try parser.nextRoot() else { return [] }
      return [remark(next.mark.map { source.marks.offset(line: $0.line, column: $0.column) } ?? 0)]
    } catch {
      return [remark(YAMLRemark(error, source).offset)]
    }
  }
}
