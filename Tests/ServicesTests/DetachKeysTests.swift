import Testing

@testable import Services

@Suite struct DetachKeysTests {
  @Test(
    "Ctrl-P Ctrl-Q leaves, wherever the pieces are cut; anything else is passed on",
    arguments: [
      ([[1, 2]], [1, 2], false), ([[1, 0x10, 0x11, 2]], [1], true), ([[1, 0x10], [0x11]], [1], true),
      ([[0x10], [3]], [0x10, 3], false), ([[0x10, 0x10], [0x11]], [0x10], true),
      ([[0x11, 0x10]], [0x11], false),
    ] as [([[UInt8]], [UInt8], Bool)])
  func keys(_ pieces: [[UInt8]], _ passed: [UInt8], _ isOver: Bool) {
    var keys = DetachKeys()
    let results = pieces.map { keys.take($0) }
    #expect(results.flatMap(\.passed) == passed)
    #expect(results.last?.isOver == isOver)
  }
}
