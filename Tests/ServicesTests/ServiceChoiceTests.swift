import AppState
import ConvoxManifest
import DrydockBase
import Testing

@testable import Services

@Suite("Whether a service runs as a process or in a container")
struct ServiceChoiceTests {
  private func service(image: String? = nil) -> Service {
    Service(name: "web", image: image, location: SourceLocation(file: "convox.yml", line: 3, column: 3))
  }

  private func facts(
    _ runtime: RuntimeKind?, dockerfile: Bool = false, program: String? = "python3", here: Bool = true
  ) -> ServiceChoice.Facts {
    ServiceChoice.Facts(runtime: runtime, hasDockerfile: dockerfile, program: program, isProgramHere: here)
  }

  @Test("with resources in Docker a container, where there is an image or a Dockerfile")
  func containers() throws {
    #expect(try ServiceChoice.decide(service(image: "x"), .auto, facts(.docker)).kind == .container)
    #expect(try ServiceChoice.decide(service(), .auto, facts(.docker, dockerfile: true)).kind == .container)
    #expect(try ServiceChoice.decide(service(), .auto, facts(.docker)).kind == .process)
  }

  @Test("natively a process where its program is here")
  func processes() throws {
    #expect(try ServiceChoice.decide(service(), .auto, facts(.native, dockerfile: true)).kind == .process)
    #expect(try ServiceChoice.decide(service(), .auto, facts(nil)).kind == .process)
  }

  @Test("what the user says counts")
  func wishes() throws {
    #expect(try ServiceChoice.decide(service(), .process, facts(.docker, dockerfile: true)).kind == .process)
    #expect(
      try ServiceChoice.decide(service(), .container, facts(.docker, dockerfile: true)).kind == .container)
  }

  @Test("what cannot be is refused, with the reason and the place")
  func refusals() {
    let wrong: [(Service, ServiceWay, ServiceChoice.Facts, String)] = [
      (service(), .auto, facts(.native, program: nil), "has no command"),
      (service(), .auto, facts(.native, program: "bundle", here: false), "bundle: not on this machine"),
      (service(image: "x"), .auto, facts(.native), "is the image x"),
      (service(image: "x"), .container, facts(.native), "no container reaches them"),
      (service(), .container, facts(.docker), "neither image: nor a Dockerfile"),
    ]
    for (service, way, facts, text) in wrong {
      let error = #expect(throws: DrydockError.self) { try ServiceChoice.decide(service, way, facts) }
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
  }

  @Test("the way into Docker is one that can be gone: data that lies natively stands in it")
  func wayIntoDocker() {
    for (runtime, text) in [
      (RuntimeKind.native, "drydock down --delete-data"), (nil, "drydock start --runtime docker"),
    ] {
      let error = #expect(throws: DrydockError.self) {
        try ServiceChoice.decide(service(), .auto, facts(runtime, program: "bundle", here: false))
      }
      #expect(error?.suggestion?.contains(text) == true)
      #expect(error?.suggestion?.contains("--delete-data") == (runtime == .native))
    }
  }
}

@Suite("Names of replicas")
struct ServiceReplicaTests {
  @Test(arguments: [("web.1", 1), ("web.12", 12), ("web.once", 0), ("web.timer", -1), ("web.timer3", -3)])
  func namesAreReadBack(name: String, number: Int) throws {
    let replica = try #require(ServiceReplica(name: name))
    #expect(replica == ServiceReplica(service: "web", number: number))
    #expect(replica.name == name)
  }

  @Test(arguments: [
    "", "web", "web.", ".1", "web.0", "web.01", "web.-1", "web.timer1", "web.timer-2", "a.b.1", "web.x",
  ])
  func othersAreNone(name: String) { #expect(ServiceReplica(name: name) == nil) }
}

@Suite("Which services wait for which")
struct ServiceLinkTests {
  @Test("services that link each other wait for none of each other")
  func cycles() {
    let links = ["web": ["api", "mail"], "api": ["jobs"], "jobs": ["web"], "mail": []]
    #expect(ServiceSpec.leads(links, from: "api", to: "web"))
    #expect(ServiceSpec.leads(links, from: "web", to: "web"))
    #expect(!ServiceSpec.leads(links, from: "mail", to: "web"))
  }
}
