import ByteStreams
import Synchronization
import Testing

/// Bug: an export of a redis over the rack wrote each key by itself, and took seven times as long as without.
@Suite struct GatheredPiecesTests {
  @Test func smallPiecesAreHandedOnTogetherAndInOrder() async throws {
    let written = Mutex<[[UInt8]]>([])
    let pieces = GatheredPieces(size: 100) { piece in written.withLock { $0.append(piece) } }
    let all = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
    for byte in all { try await pieces.add([byte]) }
    try await pieces.add([])
    try await pieces.flush()
    try await pieces.flush()
    #expect(written.withLock { $0.map(\.count) } == Array(repeating: 100, count: 10))
    #expect(written.withLock { $0.flatMap(\.self) } == all)
  }

  @Test func aFailureOfTheReaderEndsTheWriter() async throws {
    struct Gone: Error {}
    let pieces = GatheredPieces(size: 2) { _ in throw Gone() }
    try await pieces.add([1])
    await #expect(throws: Gone.self) { try await pieces.add([2]) }
  }
}
