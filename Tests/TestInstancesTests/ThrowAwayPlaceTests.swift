import Testing

@testable import TestInstances

@Suite("Where a throw-away instance's data lies")
struct ThrowAwayPlaceTests {
  private func folder(shared: UInt64?, available: UInt64?, needed: UInt64 = 256 << 20) -> String {
    ThrowAwayPlace.decide(
      memory: "memory", disk: "disk", shared: shared, available: available, needed: needed
    ).folder
  }

  @Test func inMemoryWhereItFitsAndAReserveStays() {
    #expect(folder(shared: 4 << 30, available: 2 << 30) == "memory")
    #expect(folder(shared: 4 << 30, available: nil) == "memory")
    #expect(folder(shared: 768 << 20, available: 768 << 20) == "memory")
  }

  @Test("FAILURES 45: on disk where memory is short, or the file system in memory small, as in a container")
  func onDiskElse() {
    #expect(folder(shared: 767 << 20, available: 4 << 30) == "disk")
    #expect(folder(shared: 4 << 30, available: 767 << 20) == "disk")
    #expect(folder(shared: nil, available: 4 << 30) == "disk")
  }

  @Test func theReasonIsSaid() {
    let short = ThrowAwayPlace.decide(
      memory: "memory", disk: "disk", shared: 64 << 20, available: nil, needed: 256 << 20)
    #expect(short.reason == "on disk: of memory 64 MB are free, and 768 MB are wanted")
  }
}
