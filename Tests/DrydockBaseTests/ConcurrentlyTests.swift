import Synchronization
import Testing

@testable import DrydockBase

@Suite struct ConcurrentlyTests {
  @Test(arguments: [0, 1, 3, 100])
  func asManyAtOnceAsThereIsRoomFor(_ width: Int) async {
    let state = Mutex((now: 0, most: 0))
    let values = await concurrently(Array(0..<40), width: width) { item in
      state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      await Task.yield()
      state.withLock { $0.now -= 1 }
      return item * 2
    }
    #expect(values == (0..<40).map { $0 * 2 })
    #expect(state.withLock { $0.most } <= max(1, width))
  }
}
