import AppState
import DrydockBase
import Essentials
import MonotonicTime
import Synchronization

/// The log of a build that runs: what it writes goes to its file, and whoever follows is told that there is more.
final class BuildOutput: Sendable {
  /// The most bytes of a log.
  static let limit = 64 << 20
  /// What stands at the end of one that would be longer.
  static let mark = "\n[the log ends here: 64 MB are kept]\n"

  private struct State {
    var count = 0
    var isFull = false
    var isOver = false
    var last = 0
    var followers: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let descriptor: Int32
  private let limit: Int
  private let state = Mutex(State())

  /// A log that begins.
  init(path: String, limit: Int = BuildOutput.limit) throws {
    self.limit = limit
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Folder.failure("write", path) }
  }

  deinit { close(descriptor) }

  /// Whether nothing is written any more.
  var isOver: Bool { state.withLock { $0.isOver } }

  /// Writes a piece of the log.
  func write(_ text: String) {
    state.withLock { state in
      guard !state.isFull, !state.isOver else { return }
      var bytes = Array(text.utf8)
      let room = limit - Self.mark.utf8.count - state.count
      if bytes.count > room {
        bytes = Array(bytes.prefix(max(0, room))) + Array(Self.mark.utf8)
        state.isFull = true
      }
      state.count += bytes.count
      // A disk that is full ends the log, not the build.
      _ = writeAll(bytes, to: descriptor)
      for follower in state.followers.values { follower.yield() }
    }
  }

  /// Says that this was all.
  func finish() {
    state.withLock { state in
      state.isOver = true
      for follower in state.followers.values { follower.finish() }
      state.followers = [:]
    }
  }

  /// Told whenever there is more; ends with the log.
  func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number: Int? = state.withLock { state in
      guard !state.isOver else { return nil }
      state.last += 1
      state.followers[state.last] = continuation
      return state.last
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      // Also from within `finish`, which holds the lock and has forgotten it by itself.
      self?.state.withLockIfAvailable { $0.followers[number] = nil }
    }
    return stream
  }
}

/// The builds that run in this server.
final class BuildRuns: Sendable {
  private let runs = Mutex<[String: BuildOutput]>([:])

  func begin(_ build: String, _ output: BuildOutput) { runs.withLock { $0[build] = output } }

  func end(_ build: String) { runs.withLock { $0[build] = nil } }

  /// The log of a build that runs.
  func output(_ build: String) -> BuildOutput? { runs.withLock { $0[build] } }
}

/// Hands a build's log on from its beginning, and what is still written as it comes, until the build is over.
struct BuildLogStream: Sendable {
  let path: String
  /// The log as it is written; nil where the build is over.
  let output: BuildOutput?

  @concurrent
  func run(_ write: @Sendable ([UInt8]) async throws -> Void) async throws {
    var changes = output?.changes().makeAsyncIterator()
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    // One that failed before its first word has none.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    while true {
      // Asked before it is read, so that the last words are read too.
      let isOver = output?.isOver ?? true
      while let piece = try await piece(of: descriptor) { try await write(piece) }
      if isOver { return }
      _ = await changes?.next()
      try Task.checkCancellation()
    }
  }

  private func piece(of descriptor: Int32) async throws -> [UInt8]? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      count = max(0, read(descriptor, buffer.baseAddress, 1 << 16))
    }
    return bytes.isEmpty ? nil : bytes
  }
}
