import Testing

@testable import LocalServer

@Suite struct FormValuesTests {
  @Test func `a map in a form is a form in a value`() throws {
    let outer = try FormValues.parse("kind=postgres&name=db&parameters=storage%3D5%26Url%3Da%252Bb")
    #expect(outer["kind"] == "postgres")
    #expect(try FormValues.parse(outer["parameters"] ?? "") == ["storage": "5", "Url": "a+b"])
  }

  @Test(arguments: [
    ("", [:]), ("a", ["a": ""]), ("a=", ["a": ""]), ("a=b=c", ["a": "b=c"]), ("a=1&a=2", ["a": "2"]),
    ("a+b=c+d", ["a b": "c d"]), ("a=%F0%9F%90%98", ["a": "🐘"]), ("&&a=1&", ["a": "1"]),
  ])
  func `values are read`(_ text: String, _ values: [String: String]) throws {
    #expect(try FormValues.parse(text) == values)
  }

  @Test(arguments: ["a=%", "a=%1", "a=%zz", "a=%ff", "%=1"])
  func `what is wrongly encoded is refused`(_ text: String) {
    #expect(throws: HTTPFailure.self) { try FormValues.parse(text) }
  }
}
