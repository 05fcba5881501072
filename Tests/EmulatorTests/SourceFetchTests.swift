import DrydockTestSupport
import ServersTestSupport
import Synchronization
import Testing

@testable import Emulator
@testable import Planning
@testable import Servers

@Suite struct SourceFetchTests {
  @Test func anImageOfSeveralIsPulledOnce() async throws {
    try await DockerStub.withRegistry(["postgres:15": "FAKE_VERSION=15.4"]) { runtime, pulls, _ in
      let phases = Mutex<[String]>([])
      let specs = ["main", "copy"].map { fake($0, FakeEngine("postgres"), version: "15") }
      let wanted = specs.map {
        SourceFetch.Wanted(spec: $0, source: .pulled("postgres:15"), data: nil)
      }
      let fetched = await SourceFetch(runtime: runtime, isStrict: false) { name, phase in
        phases.withLock { $0.append("\(name): \(phase)") }
      }.run(wanted)
      #expect(fetched.keys.sorted() == ["copy", "main"])
      #expect(fetched.values.allSatisfy { (try? $0.get().isLocal) == true })
      #expect(pulls() == ["15"])
      #expect(phases.withLock { $0 }.contains("copy: pulling postgres:15"))
      #expect(phases.withLock { $0 }.contains("main: pulling postgres:15"))
    }
  }
}
