import ConvoxManifest
import Testing

@Suite("YAML 1.1 scalars as go-yaml v2 resolves them")
struct ScalarResolutionTests {
  @Test(
    "An unquoted value becomes what go-yaml writes",
    arguments: [
      ("8.0", "8"), ("12.0", "12"), ("9.10", "9.1"), ("10.3.8", "10.3.8"), ("yes", "true"), ("No", "false"),
      ("on", "true"), ("OFF", "false"), ("y", "true"), ("N", "false"), ("TRUE", "true"), ("tRUE", "tRUE"),
      ("1_000", "1000"), ("0777", "511"), ("0o17", "15"), ("0O17", "15"), ("0x1F", "31"), ("0b101", "5"),
      ("-0b11", "-3"), ("-0o17", "-15"), ("08", "8"), ("0778", "778"), ("+12", "12"), ("-0", "0"),
      ("-0.0", "-0"),
      ("00", "0"), ("0", "0"), ("1e3", "1e3"), ("1e+6", "1e+06"), ("200000.0", "200000"),
      ("2000000.0", "2e+06"), ("1234567.8", "1.2345678e+06"), ("0.0001", "0.0001"), ("0.00001", "1e-05"),
      (".5", "0.5"), ("5.", "5."), ("-1_0.5e-1", "-1.05"),
      ("1_0.5", "10.5"), (".inf", ".inf"), ("+.Inf", ".inf"), ("-.INF", "-.inf"),
      (".NaN", ".nan"), ("1e999", "1e999"), ("18446744073709551615", "18446744073709551615"),
      ("18446744073709551616", "1.8446744073709552e+19"), ("-9223372036854775808", "-9223372036854775808"),
      ("0x", "0x"), ("1:30", "1:30"), ("2001-12-14", "2001-12-14"),
      ("03:00-03:30", "03:00-03:30"),
      ("1.2.3", "1.2.3"), ("1-2", "1-2"), ("true story", "true story"), ("_1", "_1"), ("12e03", "12e03"),
      ("!!str 8.0", "8.0"), ("!!int \"5\"", "5"), ("!!float 5", "5"), ("!!bool yes", "true"),
      ("! 8.0", "8.0"),
      ("!custom 8.0", "8.0"), ("\"8.0\"", "8.0"), ("'yes'", "yes"), ("\"\\u00e9\"", "é"), ("0o", "0o"),
    ])
  func resolves(written: String, resolved: String) throws {
    // `tags` takes any text, so that only YAML speaks.
    let manifest = try load("resources:\n  db:\n    type: mysql\n    options:\n      tags: \(written)\n")
    #expect(manifest.resources.first?.option("tags") == resolved)
  }

  @Test("YAML's nulls leave the default", arguments: ["", "~", "null", "Null", "NULL", "\"\""])
  func nulls(written: String) throws {
    let text = "resources:\n  db:\n    type: mysql\n    options:\n      storage: \(written)\n"
    let manifest = try load(text)
    #expect(manifest.resources.first?.options.isEmpty == true)
    #expect(manifest.warnings.map(\.message) == ["storage is empty; it counts as not set (default 20)"])
  }

  @Test(
    "What YAML changes is said, with what to write",
    arguments: [
      ("mysql", "version: 8.0", "4:25 version: 8.0 reaches AWS as 8", "quote it: version: \"8.0\""),
      ("mysql", "storage: 1_000", "4:25 storage: 1_000 reaches AWS as 1000", "write storage: 1000"),
      ("mysql", "durable: yes", "4:25 durable: yes reaches AWS as true", "write durable: true"),
      (
        "efs", "permissions: 0777", "4:29 permissions: 0777 reaches AWS as 511",
        "quote it: permissions: \"0777\""
      ),
      ("memcached", "version: 1.10", "4:25 version: 1.10 reaches AWS as 1.1", "quote it: version: \"1.10\""),
    ])
  func changeIsSaid(type: String, option: String, message: String, suggestion: String) throws {
    let manifest = try load(resource(type, option))
    #expect(manifest.warnings.map(short) == [message])
    #expect(manifest.warnings.first?.suggestion == suggestion)
  }

  @Test(
    "A version without a dot gets .0 for the caches only",
    arguments: [
      ("redis", "7", "7.0"), ("redis", "7.0", "7.0"), ("redis", "\"6\"", "6.0"),
      ("memcached", "1.6.6", "1.6.6"),
      ("mysql", "8", "8"), ("postgres", "\"13\"", "13"),
    ])
  func appendsMinorVersion(type: String, written: String, version: String) throws {
    #expect(try load(resource(type, "version: \(written)")).resources.first?.option("version") == version)
  }

  @Test("What arrives as it is written is not warned of", arguments: ["7.0", "\"7.0\"", "6.2", "7", "\"7\""])
  func unchanged(version: String) throws {
    #expect(try warnings(resource("redis", "version: \(version)")) == [])
  }
}
