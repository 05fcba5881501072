import ConvoxManifest
import Foundation
import Testing

@Suite("The manifest as JSON")
struct ManifestDocumentTests {
  private func json(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let document = ManifestDocument(try load(text, appEnvironment), appEnvironment: appEnvironment)
    let data = try encoder.encode(document)
    #expect(try JSONDecoder().decode(ManifestDocument.self, from: data) == document)
    return String(decoding: data, as: UTF8.self)
  }

  @Test("An empty manifest has every section")
  func empty() throws {
    #expect(
      try json("") == #"{"environment":[],"resources":[],"services":[],"timers":[],"warnings":[]}"#)
  }

  @Test("Everything there is, what is not given as null")
  func full() throws {
    let text = """
      environment: [A=1, B, "*"]
      resources:
        my-db: {type: postgis, options: {version: 12.0}}
      services:
        web: {environment: [A=2, C], resources: ["my-db:X_URL"], volumes: [/data], port: 3000}
      timers:
        tidy: {service: web, schedule: "0 3 * * *"}
      """
    #expect(
      try json(text, ["B": "b", "Z": "z"]) == #"{"environment":["A=1","B","*"],"#
        + #""resources":[{"envName":"MY_DB","name":"my-db","options":{"version":"12"},"type":"postgres"}],"#
        + #""services":[{"argv":null,"build":".","buildArgs":[],"buildManifest":"Dockerfile","command":null,"#
        + #""environment":{"A":"2","B":"b","C":null,"Z":"z"},"#
        + #""health":{"grace":5,"interval":5,"path":"/","timeout":4},"#
        + #""image":null,"name":"web","port":"3000","resources":["my-db:X_URL"],"scale":null,"#
        + #""scaling":{"cooldown":{"down":60,"up":60},"count":{"max":1,"min":1},"cpu":256,"memory":512},"#
        + #""volumes":["/data"]}],"#
        + #""timers":[{"command":null,"name":"tidy","schedule":"0 3 * * *","service":"web"}],"#
        + #""warnings":["#
        + #"{"column":17,"file":"convox.yml","line":3,"message":"type postgis is v3's name of postgres; a v2 rack does not know it"},"#
        + #"{"column":45,"file":"convox.yml","line":3,"message":"version: 12.0 reaches AWS as 12"},"#
        + #"{"column":44,"file":"convox.yml","line":5,"message":"`my-db:X_URL` is v3's form of a link, which sets X_URL only; a v2 rack ignores the link"}]}"#
    )
  }

  @Test("A command that is a list keeps its words beside the text")
  func commandList() throws {
    let text = "services:\n  web: {command: [sh, -c, \"echo  hi there\"]}\n  other: {command: sh -c x}\n"
    let services = ManifestDocument(try load(text), appEnvironment: [:]).services
    #expect(services.map(\.command) == ["sh -c echo  hi there", "sh -c x"])
    #expect(services.map(\.argv) == [["sh", "-c", "echo  hi there"], nil])
  }

  @Test("The app env beats a service's default, which beats the app-wide one")
  func precedence() throws {
    let text = "environment: [A=1, B=1, C=1]\nservices:\n  web: {environment: [B=2, C=2]}\n"
    let manifest = try load(text)
    let values = try #require(manifest.services.first?.environmentValues(["C": "3", "D": "4"]).values)
    #expect(values == ["A": "1", "B": "2", "C": "3"])
  }
}

@Suite("Did you mean")
struct NearestTests {
  @Test(
    "The nearest of the candidates, or none that is near",
    arguments: [
      ("postgress", ["mysql", "postgres"], "postgres"), ("psotgres", ["mysql", "postgres"], "postgres"),
      ("MYSQL", ["mysql"], "mysql"), ("kafka", ["mysql", "redis"], nil), ("", ["a", "bb"], "a"),
      ("a", [], nil),
      ("ab", ["abc", "abd"], "abc"), ("storage", ["storage"], "storage"), ("x", ["yz"], nil),
      ("strage-sise", ["storage-size"], "storage-size"), ("ca", ["ac"], "ac"),
    ] as [(String, [String], String?)])
  func nearest(word: String, candidates: [String], expected: String?) {
    #expect(ConvoxManifest.nearest(to: word, in: candidates) == expected)
  }
}
