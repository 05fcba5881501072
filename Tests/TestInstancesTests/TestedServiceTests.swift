import ConvoxManifest
import DrydockBase
import Testing

@testable import TestInstances

@Suite("Whose test: is run")
struct TestedServiceTests {
  private static func manifest(_ services: Service...) -> Manifest {
    Manifest(file: "convox.yml", services: services)
  }

  private static func service(_ name: String, test: String? = nil) -> Service {
    var service = Service(
      name: name, location: ConvoxManifest.SourceLocation(file: "convox.yml", line: 1, column: 1))
    service.test = test
    return service
  }

  private let manifest = Self.manifest(Self.service("web", test: "make test"), Self.service("worker"))

  @Test func thoseThatHaveOne() throws {
    #expect(try manifest.testedServices([]) == ["web"])
    #expect(try manifest.testedServices(["web"]) == ["web"])
  }

  @Test(
    "A command without dashes is told from a misspelt service",
    arguments: [
      ("pytest", "to run a command, two dashes come before it: drydock test -- pytest …"),
      ("wbe", "did you mean web? there is web, worker"),
      ("worker", "give it one, or name a command: drydock test --service worker -- COMMAND"),
    ])
  func mistakes(_ word: String, _ suggestion: String) {
    let error = #expect(throws: DrydockError.self) { try manifest.testedServices([word]) }
    #expect(error?.code == .usage)
    #expect(error?.suggestion == suggestion)
  }

  @Test func noneAtAll() {
    let error = #expect(throws: DrydockError.self) {
      try Self.manifest(Self.service("worker")).testedServices([])
    }
    #expect(error?.message == "no service has a test: in the manifest")
  }
}
