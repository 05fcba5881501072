import AppStateTestSupport
import Foundation
import MonotonicTime
import SyslogDrains
import Testing

@testable import AppState
@testable import Services

/// What cannot be read or is not answered at this moment, and is not taken for an answer.
@Suite("What is not answered now") struct UnansweredTests {
  /// Bug: where a state could not be read for a moment, drains ended, and what was written until the next look was lost.
  @Test func drainsOfWhichNobodyCanTellGoOn() async throws {
    try await TestHome.with { test in
      let app = try test.directory.open(try test.app("web"), app: nil)
      var resource = state("drain0000000", handle: "logs", path: "\(test.path)/logs")
      resource.created = CreatedResource(type: "syslog", parameters: ["Url": "tcp://127.0.0.1:514"])
      resource.created?.links = [app.id]
      try test.store.save(resource)
      let folder = ServiceFolder(home: test.home, id: app.id)
      let drains = LogDrains(context: test.context, id: app.id, folder: folder) { _ in }
      let address = try #require(DrainAddress("tcp://127.0.0.1:514"))
      func isSeen() -> Bool {
        let found = drains.linked()
        return found.isComplete && found.drains == [address: app.app]
      }
      #expect(isSeen())
      for id in [resource.id, app.id] {
        let file = "state/instances/\(id)/state.json"
        let text = try #require(test.text(file))
        try test.write("{", to: file)
        #expect(!drains.linked().isComplete)
        try test.write(text, to: file)
      }
      #expect(isSeen())
    }
  }

  /// Bug: services counted as settled where their supervisor's answer could not be understood.
  @Test func aSupervisorThatDoesNotAnswerIsAskedAgain() async throws {
    try await TestHome.with { test in
      let app = try test.directory.open(try test.app("web"), app: nil)
      try test.write("services: {}\n", to: "web/convox.yml")
      let workspace = try #require(try Workspace.present(in: app.path))
      let rollout = ServiceRollout(context: test.context, instance: app, wishes: .init(workspace: workspace))
      let folder = ServiceFolder(home: test.home, id: app.id)
      try Folder.make(folder.path, mode: 0o700)
      let listener = try LocalSocket.listen(at: folder.socket)
      defer { close(listener) }
      let deadline = Deadline.after(.seconds(60))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for answer in ["another language", #"{"status":[]}"#] {
            try await waitUntilReady(listener, for: .read, until: deadline, "a question")
            let connection = try #require(LocalSocket.accept(listener))
            _ = try await connection.line(until: deadline)
            try await connection.write(Array(answer.utf8), until: deadline)
          }
        }
        await rollout.settle(until: deadline) { true }
        try await group.waitForAll()
      }
    }
  }
}
