import ByteStreams
import DrydockBase
import Foundation
import Testing

/// Bug: an upload that a full disk refused was answered with "cannot write the output", without a way on.
@Suite struct DescriptorStreamsTests {
  @Test func aFullDiskIsToldWithTheFileAndTheWayOn() async throws {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    try #require(full >= 0)
    defer { close(full) }
    func error(_ sink: ByteSink) async throws -> DrydockError {
      try #require(await #expect(throws: DrydockError.self) { try await sink([1]) })
    }
    let own = try await error(DescriptorStreams.sink(full, file: "/home/me/objects/a"))
    #expect(own.code == .cannotWrite && own.message.contains("/home/me/objects/a"))
    #expect(own.suggestion == WriteRemedy.elsewhere)
    #expect(try await error(DescriptorStreams.sink(full)).message.contains("the output"))
  }
}
