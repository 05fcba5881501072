import AppStateTestSupport
import Engines
import ServersTestSupport
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Planning
@testable import Servers

@Suite struct RuntimeSelectorTests {
  private let specs = [fake("db"), fake("cache")]

  private func selector(
    docker: FakeRuntime?, native: FakeRuntime, isOffline: Bool = false, isStrict: Bool = false
  ) -> RuntimeSelector {
    RuntimeSelector(
      docker: {
        guard let docker else { throw DrydockError(.unavailable, "no Docker engine answers") }
        return docker
      }, native: native, isOffline: isOffline, isStrict: isStrict)
  }

  private static func missing(_ spec: ResourceSpec) throws -> ServerSource {
    throw DrydockError(
      .unavailable, "resource \(spec.name): fake is not installed", suggestion: "apt-get install fake")
  }

  private let images = FakeRuntime(.docker, resolution: { .local("\($0.name):1.0") })
  private let remote = FakeRuntime(
    .docker, resolution: { $0.name == "db" ? .pulled("db:1.0") : .local("cache:1.0") })
  private let installed = FakeRuntime(.native)
  private let nothing = FakeRuntime(.native, resolution: missing)

  @Test func imagesThatAreThereComeFirst() async throws {
    let selection = try await selector(docker: images, native: installed).choose(.auto, specs)
    #expect(selection.runtime.kind == .docker)
    #expect(selection.reason == "Docker answers and every image is there")
    #expect(selection.sources.keys.sorted() == ["cache", "db"])
    #expect(installed.calls.isEmpty)
  }

  @Test func installedEnginesComeBeforeAPull() async throws {
    let selection = try await selector(docker: remote, native: installed).choose(.auto, specs)
    #expect(selection.runtime.kind == .native)
    #expect(selection.reason == "every engine is installed")
  }

  @Test func aPullComesBeforeNothing() async throws {
    let selection = try await selector(docker: remote, native: nothing).choose(.auto, specs)
    #expect(selection.runtime.kind == .docker)
    #expect(selection.reason == "Docker answers; images have to be pulled")
    #expect(selection.sources["db"]?.isLocal == false)
  }

  @Test func withoutDockerInstalledEnginesServe() async throws {
    let selection = try await selector(docker: nil, native: installed).choose(.auto, specs)
    #expect(selection.runtime.kind == .native)
  }

  @Test func offlineNothingIsPulled() async throws {
    for choice in [RuntimeChoice.auto, .docker] {
      let error = try await emulatorError {
        _ = try await selector(docker: remote, native: nothing, isOffline: true).choose(choice, specs)
      }
      #expect(error.code == .unavailable)
      #expect(error.details == ["db: the image db:1.0"])
    }
    let local = try await selector(docker: images, native: nothing, isOffline: true).choose(.docker, specs)
    #expect(local.runtime.kind == .docker)
    let native = try await selector(docker: remote, native: installed, isOffline: true).choose(.auto, specs)
    #expect(native.runtime.kind == .native)
  }

  @Test func withoutAnythingBothReasonsAreSaid() async throws {
    let error = try await emulatorError {
      _ = try await selector(docker: nil, native: nothing).choose(.auto, specs)
    }
    #expect(error.code == .unavailable)
    #expect(error.code.rawValue == 69)
    #expect(error.suggestion == "apt-get install fake")
    #expect(
      error.details == [
        "no Docker engine answers", "resource db: fake is not installed",
        "resource cache: fake is not installed",
      ])
  }

  @Test func whatIsAskedForIsTakenOrRefused() async throws {
    let native = try await selector(docker: images, native: installed).choose(.native, specs)
    #expect(native.runtime.kind == .native && native.reason == "asked for")
    #expect(images.calls.isEmpty)
    let docker = try await selector(docker: remote, native: installed).choose(.docker, specs)
    #expect(docker.runtime.kind == .docker && docker.reason == "asked for")
    let error = try await emulatorError {
      _ = try await selector(docker: nil, native: installed).choose(.docker, specs)
    }
    #expect(error.code == .unavailable)
    let aggregate = try await #require(throws: AggregateError.self) {
      _ = try await selector(docker: images, native: nothing).choose(.native, specs)
    }
    #expect(aggregate.failures.map(\.resource) == ["db", "cache"])
    #expect(aggregate.code == .unavailable)
  }

  @Test func strictlyAnotherVersionIsNone() async throws {
    let drifting = FakeRuntime(
      .native, resolution: { _ in .installed("2.0", drift: "1.0 is wanted, 2.0 is installed") })
    let relaxed = try await selector(docker: nil, native: drifting).choose(.auto, specs)
    #expect(relaxed.sources["db"]?.drift != nil)
    let strict = try await selector(docker: remote, native: drifting, isStrict: true).choose(.auto, specs)
    #expect(strict.runtime.kind == .docker)
    let error = try await emulatorError {
      _ = try await selector(docker: nil, native: drifting, isStrict: true).choose(.auto, specs)
    }
    #expect(error.details.contains("1.0 is wanted, 2.0 is installed"))
  }

  @Test func whatIsNoServerNeedsNoRuntime() async throws {
    var external = fake("db")
    external.externalURL = "x"
    let files = try ServersTestSupport.specs("resources:\n  files: { type: efs }\n")
    let selection = try await selector(docker: images, native: nothing).choose(.auto, [external] + files)
    #expect(selection.runtime.kind == .native)
    #expect(selection.reason == "nothing to run")
    #expect(selection.sources.isEmpty)
    #expect(images.calls.isEmpty && nothing.calls.isEmpty)
  }
}
