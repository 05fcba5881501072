import Foundation
import Synchronization
import Testing

@testable import DrydockCommands

/// What somebody types after a question.
@Suite struct AnswerTests {
  private final class Pieces: Sendable {
    private let rest: Mutex<[String]>

    init(_ pieces: [String]) { rest = Mutex(pieces) }

    func next() -> [UInt8]? { rest.withLock { $0.isEmpty ? nil : Array($0.removeFirst().utf8) } }
  }

  @Test(arguments: [
    (["yes\n"], "yes"), (["y", "es\nmore"], "yes"), (["\n"], ""), (["no end"], "no end"), ([], nil),
  ])
  func anAnswerIsALine(_ pieces: [String], _ line: String?) async throws {
    let typed = Pieces(pieces)
    #expect(try await StandardInput.line(from: { typed.next() }) == line)
  }

  /// A question held a thread until it was answered, whatever became of the command.
  @Test(.timeLimit(.minutes(1))) func aQuestionEndsWithItsCommand() async throws {
    let asking = Task {
      try await StandardInput.line(from: {
        try await Task.sleep(for: .seconds(3600))
        return nil
      })
    }
    asking.cancel()
    await #expect(throws: CancellationError.self) { try await asking.value }
  }
}
