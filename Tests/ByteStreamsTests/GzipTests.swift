import Testing

@testable import ByteStreams
@testable import DrydockBase

@Suite struct GzipTests {
  private actor Bytes {
    private(set) var all: [UInt8]
    private let piece: Int

    init(_ all: [UInt8] = [], piece: Int = 7) {
      self.all = all
      self.piece = piece
    }

    func add(_ bytes: [UInt8]) { all += bytes }

    func next() -> [UInt8]? {
      guard !all.isEmpty else { return nil }
      defer { all.removeFirst(min(piece, all.count)) }
      return Array(all.prefix(piece))
    }
  }

  private static let text = (0..<40_000).flatMap { Array("line \($0 &* 2_654_435_761)\n".utf8) }

  private func compress(_ bytes: [UInt8]) async throws -> [UInt8] {
    let output = Bytes()
    let (sink, finish) = try Gzip.compressing { await output.add($0) }
    try await sink(bytes)
    try await finish()
    return await output.all
  }

  private func expand(_ bytes: [UInt8], piece: Int = 1000) async throws -> [UInt8] {
    let input = Bytes(bytes, piece: piece)
    let source = try Gzip.expanding { await input.next() }
    var output: [UInt8] = []
    while let next = try await source() { output += next }
    return output
  }

  @Test("What was compressed comes back", arguments: [0, 1, 100, 500_000])
  func roundTrip(_ count: Int) async throws {
    let bytes = Array(Self.text.prefix(count))
    let compressed = try await compress(bytes)
    #expect(compressed.starts(with: Gzip.magic))
    #expect(try await expand(compressed) == bytes)
  }

  @Test("Members in a row are one stream, as for gunzip") func members() async throws {
    let first = try await compress([1, 2])
    let second = try await compress([3])
    #expect(try await expand(first + second, piece: 3) == [1, 2, 3])
    #expect(try await expand(first + second, piece: 1000) == [1, 2, 3])
  }

  @Test("Data that breaks off or is damaged is refused") func damage() async throws {
    var compressed = try await compress(Self.text)
    for count in [1, 9, 100, compressed.count - 1] {
      await #expect(throws: DrydockError.self) { _ = try await expand(Array(compressed.prefix(count))) }
    }
    compressed[compressed.count - 6] ^= 1
    await #expect(throws: DrydockError.self) { _ = try await expand(compressed) }
  }
}
