import Testing

@testable import ConvoxManifest

@Suite("What a start would find")
struct StartFindingTests {
  private func found(_ text: String) throws -> [String] { try load(text).startFindings().map(short) }

  @Test("Nothing to say of what is in order, two equal ports among it") func clean() throws {
    let text = """
      services:
        web: {port: 3000, links: [api], domain: a.localhost}
        api: {port: 3000, health: {interval: 10, timeout: 9}}
      timers:
        tidy: {service: web, schedule: "0 3 * * ?", command: bin/tidy}
      """
    #expect(try found(text) == [])
  }

  @Test("Names that collide") func names() throws {
    let text = "resources:\n  cache: {type: redis}\nservices:\n  cache: {image: c}\n  all: {image: a}\n"
    let found = try found(text)
    #expect(found.count == 2 && found[0].hasPrefix("4:3 service cache and a resource have one name"))
    #expect(found[1].hasPrefix("5:3 service all: .drydock/all.env holds all resources"))
  }

  @Test(
    "Keys of a service",
    arguments: [
      ("{image: a, links: [web]}", "2:27 service web links itself"),
      (
        "{image: a, links: [job]}",
        "2:27 service web links job, which has no port: nothing answers at JOB_URL"
      ),
      (
        "{port: 1, health: {interval: 2}}",
        "2:26 service web: AWS takes a health interval of 5 to 300 seconds, not 2"
      ),
      (
        "{port: 1, health: {interval: 5, timeout: 5}}",
        "2:26 service web: the health timeout of 5 s is not below the interval of 5 s, and AWS rejects it"
      ),
      (
        "{build: {path: ., args: [A=b]}}",
        "2:16 service web: Convox reads build.args and passes none of them on"
      ),
      (
        "{image: a, domain: \"B.com, x.com\"}",
        "3:17 services web and job have the domain b.com, and one of them gets its requests"
      ),
    ])
  func keys(_ service: String, _ message: String) throws {
    let text = "services:\n  web: \(service)\n  job: {domain: [b.com], image: j}\n"
    #expect(try found(text) == [message])
  }

  @Test("A timer without a command") func timer() throws {
    #expect(
      try found("timers:\n  t: {service: s, schedule: \"0 3 * * ?\"}\n") == ["2:3 timer t has no command"])
  }

  @Test("A volume whose name is a part of the linked resource's") func substring() throws {
    let text =
      "services:\n  web: {resources: [sharedvolume], volumes: [\"sharedvolume:/a\", \"share:/b\"]}\n"
      + "resources:\n  sharedvolume: {type: efs}\n"
    let found = try findings(text)
    #expect(found.count == 1 && found[0].contains("a v2 rack mounts neither"), "\(found)")
  }

  @Test("How links, init, scale and memory differ") func explanation() throws {
    let text = """
      services:
        web: {port: 3000, links: [api], scale: {count: 2, memory: 64}, domain: x.localhost}
        api: {port: 4000, init: false}
      """
    let rows = ServiceExplanation.rows(try load(text))
    let link = try #require(rows.first { $0.key == "links" })
    #expect(link.value == "api: API_URL" && link.aws.hasPrefix("https://A-api.ROUTERHOST"))
    #expect(link.here.hasSuffix("container: http://api:4000"))
    let memory = rows.filter { $0.key == "scale.memory" }
    #expect(memory.map(\.isWritten) == [true, false] && memory.map(\.value) == ["64 MB", "512 MB"])
    #expect(rows.filter { $0.key == "init" }.map(\.value) == [nil, "false"])
    #expect(rows.first { $0.key == "domain" }?.here == "routed")
    #expect(rows.first { $0.key == "scale.count" }?.value == "2")
  }
}
