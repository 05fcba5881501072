import Testing

@testable import ConvoxManifest

/// The forms of values, beside the regular expressions that say what they are.
struct OptionFormTests {
  /// Values near the forms: pieces of them, put together at random.
  private static let values: [String] = {
    var generator = SeededGenerator(seed: 4)
    let pieces = [
      "db.", "cache.", "t3", "t4g", "t5", "t3x", "m5", "r7gd", "c9", "mabcde", "m5abcde", ".", "..", "micro",
      "large",
      "xlarge", "16xlarge", "116xlarge", "metal", "1", "15", "10.3.8", "-RDS", ".2024", "_a", "-", "+", " ",
      "\n", "é",
      "0755", "0788", "03:00", "23:59", "24:00", "-03:30", "3:00", "７",
    ]
    return (0..<20_000).map { _ in
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? ""
      }.joined()
    } + [
      "03:00-03:30", "23:45-00:20", "03:00-03:3", "03:00-03:300", "db.t3.micro", "cache.r7gd.16xlarge", "",
      "755",
    ]
  }()

  @Test func versions() {
    for value in Self.values {
      #expect(
        OptionForm.isVersion(value) == (value.wholeMatch(of: /[0-9]+([.-][0-9A-Za-z_]+)*/) != nil), "\(value)"
      )
    }
    #expect(Self.values.contains(where: OptionForm.isVersion))
  }

  @Test func instanceClasses() {
    let pattern =
      /db\.(?:t[1-4]g?|[mrcxz][1-8][a-z]{0,4})\.(?:micro|small|medium|large|[0-9]{0,2}xlarge|metal)/
    for value in Self.values {
      let isClass = OptionForm.isInstanceClass(value, prefix: "db.")
      #expect(isClass == (value.wholeMatch(of: pattern) != nil), "\(value)")
    }
    #expect(Self.values.contains { OptionForm.isInstanceClass($0, prefix: "db.") })
  }

  @Test func permissions() {
    for value in Self.values {
      #expect(OptionForm.isPermissions(value) == (value.wholeMatch(of: /[0-7]{3,4}/) != nil), "\(value)")
    }
    #expect(Self.values.contains(where: OptionForm.isPermissions))
  }

  @Test func windows() throws {
    let pattern = /([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])/
    for value in Self.values {
      #expect((OptionForm.window(value) != nil) == (value.wholeMatch(of: pattern) != nil), "\(value)")
    }
    let window = try #require(OptionForm.window("23:45-00:20"))
    #expect(window.start == 1425 && window.end == 20)
  }
}
