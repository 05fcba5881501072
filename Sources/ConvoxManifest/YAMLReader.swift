/// Reads the first document of a YAML text, within bounds of depth and size.
enum YAMLReader {
  /// What is said about a second document.
  static let laterDocument = "Convox reads the first document only; what follows it is ignored"

  /// Reads the first document.
  static func read(_ source: ManifestSource) throws(YAMLRemark) -> YAMLDocument {
    var events = try YAMLEvents(source)
    guard case .documentStart = try events.next().kind else { return YAMLDocument() }
    var builder = YAMLBuilder(source)
    let root = try builder.build(&events)
    // The end of the document: what stands before it and belongs to nothing is an error of this one.
    _ = try events.next()
    return YAMLDocument(root: root, remarks: builder.remarks + trailing(&events))
  }

  /// What Convox would not see: it reads the first document only, whatever comes after.
  private static func trailing(_ events: inout YAMLEvents) -> [YAMLRemark] {
    func remark(_ offset: Int) -> YAMLRemark {
      YAMLRemark(
        message: laterDocument, offset: offset,
        suggestion: "remove it, or the line that ends the first document")
    }
    do throws(YAMLRemark) {
      guard case .documentStart = try events.next().kind else { return [] }
      return [remark(try events.next().offset)]
    } catch {
      return [remark(error.offset)]
    }
  }
}
