import AppStateTestSupport
import ConvoxManifest
import Engines
import Foundation
import MonotonicTime
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Emulator
@testable import Planning
@testable import Resources
@testable import Servers
@testable import Transfer

/// root, or anybody else, in a home of another user (`sudo -E drydock up`).
@Suite struct HomeOwnerTests {
  private static let owner = HomeOwner(user: 4711, name: "ada", isCaller: true)

  private func others(_ test: TestHome) -> StateStore {
    let home = test.home
    return StateStore(
      home: StateHome(root: home.root, engines: home.engines, sockets: home.sockets, owner: Self.owner))
  }

  enum Change: CaseIterable, Sendable {
    case update, environment, make, create, adopt, down, createResource, deleteResource, transfer, clients
    case authority

    func make(_ state: InstanceState, _ store: StateStore, _ folder: AppFolder) async throws {
      let context = DrydockContext(
        environment: [:], currentDirectory: folder.path, home: store.home, catalog: .builtIn)
      let directory = InstanceDirectory(store: store, catalog: .builtIn)
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
      case .transfer:
        let target = ResourceTarget(
          state: state, name: "mydb", type: "mysql", engine: nil, options: [:], endpoint: nil, apps: [])
        _ = try await TransferSite(target, context, verb: "export")
      case .clients:
        let clients = ClientFolder(home: store.home, id: state.id, resource: "mydb")
        try clients.write([RecipeFile("\(clients.path)/client.cnf", "[client]")])
      case .authority:
        _ = try await LocalAuthority(home: store.home).open(until: deadline)
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
      #expect(
        try InstanceDirectory(store: store, catalog: .builtIn).existing(in: try test.app("web"))
          == state)
      let context = DrydockContext(
        environment: [:], currentDirectory: "/", home: store.home, catalog: .builtIn)
      #expect(try await StatusOperation(context: context).run(state).isEmpty)
      let down = DownOperation(
        context: context, instance: state, selected: nil, deletesData: false, notice: { _ in })
      #expect(try await down.run(until: .after(.seconds(30))).isEmpty)
    }
  }

  @Test(
    "A link in place of the instances' folder is its owner's, wherever it leads",
    .enabled(if: geteuid() == 0, "only root may give a link away"))
  func isKnownByTheLink() async throws {
    try await TestHome.with { test in
      let own = try test.folder("own/instances")
      _ = try test.folder("state")
      let link = "\(test.home.root)/instances"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
      let environment = ["DRYDOCK_HOME": test.home.root]
      #expect(StateHome(environment: environment).owner == nil, "it is root's own link")
      try #require(lchown(link, 4711, 4711) == 0)
      #expect(StateHome(environment: environment).owner?.user == 4711)
    }
  }

  @Test(
    "No link is followed from an instance's folder to its clients' files",
    arguments: ["clients", "clients/mydb"])
  func clientsFollowNoLink(_ name: String) async throws {
    try await TestHome.with { test in
      let state = try test.directory.open(try test.app("web"), app: nil)
      let clients = ClientFolder(home: test.home, id: state.id, resource: "mydb")
      let files = [RecipeFile("\(clients.path)/client.cnf", "[client]\n")]
      try clients.write(files)
      try clients.write(files)
      #expect(FileManager.default.contents(atPath: files[0].path) == Data("[client]\n".utf8))
      let outside = try test.folder("outside/mydb")
      try Data("kept".utf8).write(to: URL(filePath: "\(outside)/client.cnf"))
      let own = "\(test.home.instance(state.id))/\(name)"
      try Folder.remove(own)
      try FileManager.default.createSymbolicLink(
        atPath: own, withDestinationPath: name == "clients" ? "\(test.path)/outside" : outside)
      let error = try await emulatorError { try clients.write(files) }
      #expect(error.code == .cannotWrite)
      #expect(FileManager.default.contents(atPath: "\(outside)/client.cnf") == Data("kept".utf8))
      // In place of a link that is the file, there is a file.
      try Folder.remove(own)
      try clients.write([])
      try FileManager.default.createSymbolicLink(
        atPath: files[0].path, withDestinationPath: "\(outside)/client.cnf")
      try clients.write(files)
      #expect(FileManager.default.contents(atPath: "\(outside)/client.cnf") == Data("kept".utf8))
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
