import DrydockBase
import Foundation
import Testing

@Suite struct SystemCallsTests {
  private func withFile(_ bytes: [UInt8], _ body: (Int32) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "drydock-\(UUID().uuidString)").path
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    unlink(path)
    try #require(writeAll(bytes, to: descriptor) == 0)
    try #require(lseek(descriptor, 0, SEEK_SET) == 0)
    try body(descriptor)
  }

  /// Longer than what one call takes.
  @Test func aFileIsReadAndWrittenWhole() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    try withFile(bytes) { #expect(readToEnd(of: $0) == bytes) }
  }

  /// One byte more than is wanted tells a file that is too long from one that just fits.
  @Test(arguments: [(4, 4), (5, 5), (6, 6), (7, 6)])
  func noMoreIsReadThanIsWanted(_ size: Int, _ read: Int) throws {
    try withFile([UInt8](repeating: 1, count: size)) { #expect(readToEnd(of: $0, limit: 5)?.count == read) }
  }

  @Test func aFailureIsTold() throws {
    #expect(readToEnd(of: -1) == nil)
    #expect(writeAll([1], to: -1) == EBADF)
    #if os(Linux)
      let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
      defer { close(full) }
      #expect(writeAll([1], to: full) == ENOSPC)
    #endif
  }
}
