import Testing

@testable import ConvoxManifest

/// Keys of a service that have nothing to do with resources, as Convox's parser takes them. Checked against that parser
/// (convox/rack, `pkg/manifest`).
@Suite("The other keys of a service")
struct ServiceKeyTests {
  private static let arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a-B1"

  private func service(_ text: String) -> String { "services:\n  web: { \(text) }\n" }

  /// Bug: some seventeen keys were never looked at.
  @Test(
    "What Convox refuses is refused, in its words",
    arguments: [
      ("health: 5", "unknown type for service health: int"),
      ("health: [/]", "unknown type for service health: []interface {}"),
      ("internal: \"yes\"", "cannot unmarshal !!str `yes` into bool"),
      ("privileged: 1", "cannot unmarshal !!int `1` into bool"),
      ("sticky: \"true\"", "cannot unmarshal !!str `true` into bool"),
      ("singleton: [true]", "cannot unmarshal !!seq into bool"),
      ("init: maybe", "cannot unmarshal !!str `maybe` into bool"),
      ("internalAndExternal: {}", "cannot unmarshal !!map into bool"),
      ("termination: 30", "cannot unmarshal !!int `30` into manifest.ServiceTermination"),
      ("termination: {grace: \"30\"}", "cannot unmarshal !!str `30` into int"),
      ("deployment: 50", "cannot unmarshal !!int `50` into manifest.ServiceDeployment"),
      ("deployment: {minimum: half}", "cannot unmarshal !!str `half` into int"),
      ("drain: \"30\"", "cannot unmarshal !!str `30` into int"),
      ("drain: 1e3", "cannot unmarshal !!str `1e3` into int"),
      ("drain: 5.", "cannot unmarshal !!str `5.` into int"),
      ("drain: yes", "cannot unmarshal !!bool `true` into int"),
      ("domain: 5", "unknown type for service domain: int"),
      ("domain: {a: b}", "unknown type for service domain: map[interface {}]interface {}"),
      ("domain: [a.com, \"${HOST}\"]", nil),
      ("domain: [1]", "unknown type for service domain: int"),
      ("policies: arn", "cannot unmarshal !!str `arn` into []string"),
      ("tags: [a]", "cannot unmarshal !!seq into map[string]string"),
      ("tags: {a: {b: c}}", "cannot unmarshal !!map into string"),
      ("test: [make]", "cannot unmarshal !!seq into string"),
      ("agent: \"yes\"", "could not parse agent: yes"),
      ("agent: {ports: [x/udp]}", "strconv.Atoi: parsing \"x\": invalid syntax"),
      ("agent: {ports: [{port: 1}]}", "invalid port: map[interface {}]interface {}"),
      ("scale: {count: two}", "strconv.Atoi: parsing \"two\": invalid syntax"),
      ("scale: two", "strconv.Atoi: parsing \"two\": invalid syntax"),
      ("scale: 9223372036854775808", "invalid scale: 9223372036854775808"),
      ("scale: {count: {max: 9223372036854775808}}", "invalid scale: 9223372036854775808"),
      ("scale: 1-2-3", "invalid scale: 1-2-3"),
      ("scale: [1]", "unknown type for service scale: []interface {}"),
      ("scale: {count: true}", "invalid scale: true"),
      ("scale: {count: {min: x}}", "strconv.Atoi: parsing \"x\": invalid syntax"),
      ("scale: {cooldown: soon}", "strconv.Atoi: parsing \"soon\": invalid syntax"),
      ("scale: {cooldown: {up: true}}", "invalid cooldown: true"),
      ("scale: {targets: {cpu: \"70\"}}", "cannot unmarshal !!str `70` into int"),
      ("scale: {targets: 70}", "cannot unmarshal !!int `70` into manifest.ServiceScaleTargets"),
      ("scale: {targets: {custom: {A/b: {value: x}}}}", "cannot unmarshal !!str `x` into float64"),
      ("build: {args: A=b}", "cannot unmarshal !!str `A=b` into []string"),
      ("build: {manifest: [a]}", "cannot unmarshal !!seq into string"),
    ] as [(String, String?)])
  func refused(_ text: String, _ message: String?) {
    let found = errors(service(text)).map { $0.drop { $0 != " " }.dropFirst() }.map(String.init)
    #expect(found == (message.map { [$0] } ?? []))
  }

  @Test(
    "What Convox takes is taken",
    arguments: [
      "health: /check", "health: {path: /, grace: 10, interval: 5, timeout: 3}", "health:", "internal: yes",
      "termination: {grace: 30}", "deployment: {minimum: 0, maximum: 100}", "drain: 30", "drain: 1.5",
      "domain: \"a.com, b.com\"", "domain: [a.com]", "domain: ${HOST}", "agent: true",
      "agent: {ports: [8125/udp, 9000]}", "scale: 2", "scale: 1-5", "scale: \"2\"",
      "scale: {count: {min: \"1\", max: 5}, cpu: 512, memory: 1024, cooldown: 30}",
      "scale: {cooldown: {down: \"60\", up: 30}, targets: {cpu: 70, custom: {AWS/SQS/Depth: {value: 1.5}}}}",
      "tags: {a: b, c: 1}", "policies: [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]", "test: make test",
      "build: {path: ., manifest: Dockerfile.web, args: [A=b]}",
    ])
  func taken(_ text: String) throws {
    #expect(errors(service(text)) == [])
    #expect(try warnings(service(text)).filter { !$0.contains("HOST") } == [])
  }

  @Test(
    "What Convox passes over in silence is said",
    arguments: [
      ("scale: {memry: 512}", "unknown key `memry` in scale of service web: Convox ignores it"),
      ("scale: {cpu: \"512\"}", "Convox ignores cpu in scale of service web: it takes a whole number there"),
      (
        "health: {interval: \"5\"}",
        "Convox ignores interval in health of service web: it takes a whole number there"
      ),
      ("health: {path: 5}", "Convox ignores path in health of service web: it takes a text there"),
      ("health: {disable: true}", "`disable` is known to v3 racks only; a v2 rack ignores it"),
      ("build: {pth: .}", "unknown key `pth` in build of service web: Convox ignores it"),
      ("termination: {garce: 5}", "unknown key `garce` in termination of service web: Convox ignores it"),
      ("scale: {gpu: 1}", "`gpu` is known to v3 racks only; a v2 rack ignores it"),
    ])
  func ignored(_ text: String, _ message: String) throws {
    #expect(try warnings(service(text)).map { $0.drop { $0 != " " }.dropFirst() } == [message[...]])
  }

  @Test(
    "Ports of the network load balancer",
    arguments: [
      ("{port: 80}", nil), ("{port: 443, protocol: TLS, certificate: \"\(arn)\"}", nil),
      ("{port: 443, protocol: tls}", "service web nlb port 443: protocol tls requires a certificate"),
      (
        "{port: 443, certificate: \"\(arn)\"}",
        "service web nlb port 443: certificate is only valid with protocol: tls"
      ),
      (
        "{port: 443, protocol: tls, certificate: mine}",
        "service web nlb port 443: certificate must be a full ACM"
      ),
      ("{port: 0}", "service web: nlb port 0 out of range"),
      ("{port: 70000}", "service web: nlb port 70000 out of range"),
      ("{port: 80, containerPort: 70000}", "service web: nlb containerPort 70000 out of range"),
      ("{port: 80, protocol: udp}", "service web nlb port 80: protocol must be tcp or tls, got \"udp\""),
      (
        "{port: 80, scheme: private}",
        "service web nlb port 80: scheme must be public or internal, got \"private\""
      ),
      ("{port: 80}, {port: 80}", "service web: duplicate nlb port 80"),
      (
        "{port: 80}, {port: 80, containerPort: 81}",
        "service web: nlb port 80 declared with conflicting containerPort"
      ),
      (
        "{port: 80}, {port: 81, containerPort: 80}",
        "service web: nlb containerPort 80 used by multiple nlb listeners"
      ),
      ("{port: 80, allow_cidr: [10.0.0.0/16]}", nil),
      (
        "{port: 80, allow_cidr: [10.0.0.1/16]}",
        "service web nlb port 80: allow_cidr entry \"10.0.0.1/16\" is not canonical"
      ),
      (
        "{port: 80, allow_cidr: [all]}",
        "service web nlb port 80: allow_cidr entry \"all\" is not a valid IPv4 CIDR"
      ),
      (
        "{port: 80, allow_cidr: [10.0.0.0/8, 10.0.0.0/8]}",
        "service web nlb port 80: allow_cidr contains duplicate entry"
      ),
      ("{port: \"80\"}", "cannot unmarshal !!str `80` into int"),
      ("{port: 80, cross_zone: 1}", "cannot unmarshal !!int `1` into bool"),
    ] as [(String, String?)])
  func listeners(_ items: String, _ message: String?) {
    let found = errors(service("nlb: [\(items)]")).map { String($0.drop { $0 != " " }.dropFirst()) }
    #expect(found.count == (message == nil ? 0 : 1), "\(found)")
    if let message { #expect(found.first?.hasPrefix(message) == true, "\(found)") }
  }

  @Test("A port belongs to one service") func sharedListener() {
    let text =
      "services:\n  a: { nlb: [{port: 80}] }\n  b: { nlb: [{port: 80}] }\n  c: { agent: true, nlb: [{port: 81}] }\n"
    #expect(
      errors(text).map { $0.contains("shared") || $0.contains("agent mode is incompatible") } == [true, true])
  }

  @Test("An unset variable is named where it leaves nothing") func unsetDomain() throws {
    let error = try #require(throws: ManifestError.self) {
      try load("services:\n  web:\n    domain:\n      - ${HOST}\n")
    }
    #expect(error.diagnostics.first?.suggestion == "${HOST} is not set in the app env")
    #expect(error.diagnostics.first?.location.line == 4)
  }

  @Test("What they come to, Convox's defaults included") func values() throws {
    let text = """
      services:
        web: { health: { interval: 10 }, scale: { count: 2-4, memory: 1024 }, build: { path: web, args: [A] } }
        api: { image: api, scale: 3, health: /check }
        job: { scale: { cooldown: 5 } }
      """
    let services = try load(text).services
    #expect(services[0].health == ServiceHealth(grace: 10, interval: 10, path: "/", timeout: 9))
    #expect(services[0].scaling == ServiceScaling(count: .init(min: 2, max: 4), memory: 1024))
    #expect(services[0].built == ServiceBuild(path: "web", manifest: "Dockerfile", args: ["A"]))
    #expect(services[1].health.path == "/check" && services[1].built == nil)
    #expect(services[1].scaling.count == .init(3) && services[1].scale == "3")
    #expect(services[2].scaling.cooldown == .init(down: 5, up: 5))
    #expect(services[2].built == ServiceBuild(path: ".", manifest: "Dockerfile", args: []))
  }
}
