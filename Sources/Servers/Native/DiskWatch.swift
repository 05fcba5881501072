import AppState
import Synchronization

/// Whether a disk was full while something was made on it: whoever failed for that may have made room again by its end, and
/// have said nothing of it.
package enum DiskWatch {
  /// Does `work`, and looks meanwhile.
  /// - Parameters:
  ///   - folder: On the disk.
  ///   - pause: How often it is looked at, which takes some microseconds.
  ///   - isFull: How.
  /// - Returns: What came of it, and whether the disk was full at some time.
  package static func during<Value: Sendable>(
    _ folder: String, every pause: Duration = .milliseconds(100),
    isFull: @escaping @Sendable (String) -> Bool = Folder.isFull,
    _ work: @escaping @Sendable () async throws -> Value
  ) async -> (Result<Value, any Error>, wasFull: Bool) {
    let seen = Flag()
    let outcome = await withTaskGroup(of: Result<Value, any Error>?.self) { group in
      group.addTask {
        do { return .success(try await work()) } catch { return .failure(error) }
      }
      group.addTask {
        while !Task.isCancelled {
          if isFull(folder) { seen.set() }
          try? await Task.sleep(for: pause)
        }
        return nil
      }
      defer { group.cancelAll() }
      while let outcome = await group.next() { if let outcome { return outcome } }
      return .failure(CancellationError())
    }
    return (outcome, seen.isSet || isFull(folder))
  }

  private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }
}
