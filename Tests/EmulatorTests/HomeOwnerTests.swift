import Foundation
import MonotonicTime
import Testing

@testable import DrydockBase
@testable import Emulator

/// root, or anybody else, in a home of another user (`sudo -E drydock up`).
@Suite struct HomeOwnerTests {
  private static let owner = HomeOwner(user: 4711, name: "ada", isCaller: true)

  private func others(_ test: TestHome) -> StateStore {
    let home = test.home
    return StateStore(
      home: StateHome(root: home.root, engines: home.engines, sockets: home.sockets, owner: Self.owner))
  }

  enum Change: CaseIterable, Sendable {
    case update, environment, make, create, adopt, down, createResource, deleteResource

    func make(_ state: InstanceState, _ store: StateStore, _ folder: AppFolder) async throws {
      let context = DrydockContext(environment: [:], currentDirectory: folder.path, home: store.home)
      let directory = InstanceDirectory(store: store)
      let deadline = Deadline.after(.seconds(30))
      switch self {
      case .update: try await store.update(state.id) { $0.app = "other" }
      case .environment: try await store.updateAppEnvironment(state.id) { $0["A"] = "b" }
      case .make: _ = try await directory.open(folder, app: nil, until: deadline)
      case .create: _ = try await directory.create(app: "demo", until: deadline)
      case .adopt: _ = try await directory.adopt(state.handle, into: folder, until: deadline) { _ in }
      case .down:
        let down = DownOperation(
          context: context, instance: state, selected: nil, deletesData: true, notice: { _ in })
        _ = try await down.run(until: deadline)
      case .createResource:
        _ = try await CreatedResources(context: context).create("syslog", parameters: [:], work(deadline))
      case .deleteResource:
        _ = try await CreatedResources(context: context).lock(state, work(deadline))
      }
    }

    private func work(_ deadline: Deadline) -> ResourceWork {
      ResourceWork(
        choice: .auto, deadline: deadline,
        events: .init(phase: { _, _ in }, notice: { _ in }, planned: { _ in }))
    }
  }

  @Test(arguments: Change.allCases) func isNotChanged(_ change: Change) async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      try Folder.remove(test.app("web").path)
      let before = try FileManager.default.subpathsOfDirectory(atPath: test.home.root)
      let folder = try test.app("other")
      let error = try await emulatorError { try await change.make(state, others(test), folder) }
      #expect(error.code == .cannotWrite)
      #expect(error.message.contains("ada (uid 4711)") && error.message.contains("SUDO_UID"))
      #expect(error.suggestion?.contains("without sudo") == true)
      #expect(try FileManager.default.subpathsOfDirectory(atPath: test.home.root) == before)
      #expect(!Folder.exists(folder.drydock))
    }
  }

  @Test func isLookedAtAndStopped() async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      let store = others(test)
      #expect(try InstanceDirectory(store: store).existing(in: try test.app("web")) == state)
      let context = DrydockContext(environment: [:], currentDirectory: "/", home: store.home)
      #expect(try await StatusOperation(context: context).run(state).isEmpty)
      let down = DownOperation(
        context: context, instance: state, selected: nil, deletesData: false, notice: { _ in })
      #expect(try await down.run(until: .after(.seconds(30))).isEmpty)
    }
  }

  @Test(
    "The owner is told by the instances' folder",
    .enabled(if: geteuid() == 0, "only root may give a folder away"))
  func isKnown() async throws {
    try await TestHome.with { test in
      let environment = ["DRYDOCK_HOME": test.home.root, "SUDO_UID": "4711"]
      #expect(StateHome(environment: environment).owner == nil, "there is nothing yet")
      let state = try test.directory.open(try test.app("web"), app: nil)
      #expect(StateHome(environment: environment).owner == nil, "it is root's own")
      for path in ["\(test.home.root)/instances", test.home.instance(state.id)] {
        try #require(chown(path, 4711, 4711) == 0)
      }
      let home = StateHome(environment: environment)
      #expect(home.owner == HomeOwner(user: 4711, name: nil, isCaller: true))
      #expect(home.engines == "\(test.home.root)/engines" && home.sockets == "/tmp/drydock-4711")
      // What root locks there, its owner can lock later.
      let lock = try await InstanceLock.acquire(
        test.home.instance(state.id), making: .never, until: .after(.seconds(30)))
      guard let lock else { throw DrydockError(.failed, "it is there") }
      defer { _ = lock }
      var info = stat()
      try #require(stat("\(test.home.instance(state.id))/lock", &info) == 0)
      #expect(info.st_uid == 4711)
    }
  }
}
