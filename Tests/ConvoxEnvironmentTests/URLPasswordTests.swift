import ConvoxEnvironment
import DrydockTestSupport
import Foundation
import Testing

/// Says a URL's password as several libraries read it, each followed by NUL.
private let readers: [(name: String, program: String, arguments: [String])] = [
  (
    "urllib", "python3",
    ["-c", #"import sys, urllib.parse as u; print(u.unquote(u.urlsplit(sys.argv[1]).password), end="")"#]
  ),
  (
    "libpq", "/usr/bin/python3",
    ["-c", #"import sys, psycopg2.extensions as p; print(p.parse_dsn(sys.argv[1])["password"], end="")"#]
  ),
  (
    "node", "node",
    ["-e", "process.stdout.write(decodeURIComponent(new URL(process.argv[1]).password))"]
  ),
]

@Suite struct URLPasswordTests {
  @Test(
    arguments: [
      ("b2c59ea0-9f7a-4c1e-8d5a-0e6a5d1f2c3b", []), ("", []), ("a:b~!$&'()*+,;=._-", []),
      ("a/b@c/d", ["/", "@"]), ("100%", ["%"]), ("a b", [" "]), ("é日\r\n", ["é", "日", "\r\n"]),
      ("?#[]{}|\\^`<>\"", ["?", "#", "[", "]", "{", "}", "|", "\\", "^", "`", "<", ">", "\""]),
    ] as [(String, [Character])])
  func namesWhatBreaks(password: String, breaking: [Character]) {
    #expect(URLPassword.charactersBreakingURL(in: password) == breaking)
  }

  /// Whatever is let through reaches the engine as it was chosen.
  @Test(arguments: readers.map(\.name))
  func harmlessCharactersAreReadBack(name: String) async throws {
    let reader = try #require(readers.first { $0.name == name })
    let all = String(String.UnicodeScalarView((32...126).map { Unicode.Scalar(UInt8($0)) }))
    let breaking = Set(URLPassword.charactersBreakingURL(in: all))
    let password = all.filter { !breaking.contains($0) }
    let endpoint = ResourceEndpoint(
      resource: "db", shape: .database(scheme: "postgres"), port: 1, password: password)
    let url = try #require(endpoint.url)
    try await withTestFolder { folder throws in
      let probe = try await runProgram(
        reader.program, reader.arguments + ["postgres://u:p@h:1/d"], in: folder)
      guard probe.status == 0 else { return skip("\(name) is not installed") }
      let finished = try await runProgram(reader.program, reader.arguments + [url], in: folder)
      #expect(String(decoding: finished.output, as: UTF8.self) == password)
    }
  }
}
