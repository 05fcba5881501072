import AppStateTestSupport
import DrydockBase
import Foundation
import Testing

@testable import AppState

@Suite struct StateFileTests {
  private struct Note: StateContent, Equatable {
    static let currentFormat = 2
    var format = 1
    var text = ""
    var time = Date(timeIntervalSince1970: 86_400)
  }

  private func withFile(_ body: (TestHome, StateFile<Note>) throws -> Void) async throws {
    try await TestHome.with { test in
      try body(test, StateFile("\(test.path)/note.json", remedy: "write another"))
    }
  }

  @Test func whatIsSavedIsLoadedByTheUserAlone() async throws {
    try await withFile { test, file in
      #expect(try file.load() == nil)
      let note = Note(text: "a/b")
      try file.save(note)
      #expect(try file.load() == note)
      #expect(test.mode("note.json") == 0o600)
      #expect(test.text("note.json") == "{\n  \"format\" : 1,\n  \"text\" : \"a/b\",\n  \"time\" : 86400\n}")
    }
  }

  @Test(
    arguments: [
      ("", .damaged, "write another"), ("{\"format\":1}", .damaged, "write another"),
      ("{\"format\":2,\"text\":1}", .damaged, "write another"),
      ("{\"format\":3,\"text\":\"\",\"time\":0}", .newer, "update drydock"),
      ("{\"format\":3,\"other\":[]}", .newer, "update drydock"),
    ] as [(String, StateFileError.Reason, String)])
  func whatCannotBeUnderstoodIsLeftAsItIs(
    _ text: String, _ reason: StateFileError.Reason, _ remedy: String
  ) async throws {
    try await withFile { test, file in
      try test.write(text, to: "note.json")
      let found = file.read()
      guard case .failure(let failure) = found else { return #expect(Bool(false), "\(found)") }
      #expect(failure.reason == reason && failure.error.code == .dataMismatch)
      #expect(failure.error.message.hasPrefix("\(file.path) ") && failure.error.suggestion == remedy)
      #expect(throws: failure.error) { try file.load() }
      #expect(test.text("note.json") == text)
    }
  }

  @Test func whatCannotBeReadIsNotTakenForNothing() async throws {
    try await withFile { test, file in
      _ = try test.folder("note.json")
      let error = #expect(throws: DrydockError.self) { try file.load() }
      #expect(error?.code == .cannotWrite && error?.message == "\(file.path) cannot be read")
      #expect(throws: DrydockError.self) { try file.save(Note()) }
    }
  }
}
