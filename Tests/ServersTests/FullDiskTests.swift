import DockerEngine
import DrydockTestSupport
import Foundation
import HealthProbes
import MonotonicTime
import NativeProcess
import ServersTestSupport
import Synchronization
import Testing

@testable import DrydockBase
@testable import Servers

/// A full disk ends with 73, whoever says so and in whatever words.
@Suite struct FullDiskTests {
  static let words = [
    "could not write file \"base/1/1259\": No space left on device",
    "write /var/lib/docker/tmp/x: no space left on device",
    "could not extend file: Disk quota exceeded",
    "mysqld: Error writing file './ibdata1' (Errcode: 28 \"No space left on device\")",
    "[ERROR] InnoDB: Operating system error number 28 in a file operation.",
    "mariadbd: Got error 28 from storage engine",
    "Error writing file '/tmp/MLfd=32' (errno: 122)",
    "ERROR 1005 (HY000) at line 1: Can't create table `app`.`big` (errno: 135 \"No more room in record file\")",
    "ERROR 1114 (HY000): The table 'user' is full",
    "InnoDB: Could not set the file size of './ibdata1'. Probably out of disk space",
    "Disk is full writing './mysql-bin.000001'; waiting for someone to free space...",
  ]

  @Test(arguments: words) func isToldByEveryEngineInItsOwn(_ words: String) {
    let failures: [any Error] = [
      NativeProcessError(.commandFailed(.code(1)), words), ProbeFailure.rejected(message: words),
    ]
    for failure in failures {
      let error = DrydockError(failure, resource: "db")
      #expect(error.code == .cannotWrite && error.suggestion?.contains("free some space") == true, "\(error)")
    }
  }

  @Test(arguments: [
    "Errcode: 2 \"No such file\"", "error 280", "error 1045", "exit code 28", "Got error 28000",
  ])
  func isNotSeenElsewhere(_ words: String) {
    #expect(!WriteRemedy.saysDiskIsFull(words))
  }

  /// Bug: "sh failed with exit code 1".
  @Test(arguments: words) func isToldOfACopyToo(_ words: String) {
    let output = "\(words)\n" + (1...20).map { "removing file \($0)\n" }.joined()
    let error = CopyFailure.error("copy", "exit code 1", output: output)
    #expect(error.code == .cannotWrite && error.suggestion == WriteRemedy.elsewhere)
    #expect(
      error.message == "resource copy: copying its source failed: no space is left on the disk of the copy")
    #expect(error.details.count == 8)
  }

  /// The server that ran out of space is gone, and its client says only that.
  @Test func isKnownByTheDiskItself() {
    let gone = "ERROR 2013 (HY000): Lost connection to server during query"
    #expect(CopyFailure.error("copy", "exit code 1", output: gone, isDiskFull: true).code == .cannotWrite)
    let plain = CopyFailure.error("copy", "exit code 1", output: gone)
    #expect(plain.code == .failed && plain.suggestion == nil && plain.details == [gone])
    #expect(plain.message == "resource copy: copying its source failed: exit code 1")
  }

  /// Bug: of a container, "name a folder on another local disk by DRYDOCK_HOME", where its data does not lie.
  @Test func theRemedyIsAboutTheDiskOfTheData() async throws {
    let stub = DockerStub(answers: ["GET /info": .reply(200, #"{"DockerRootDir":"/srv/docker"}"#)])
    try await stub.run { runtime, _, _ in
      let remedy = await runtime.spaceRemedy()
      #expect(
        remedy
          == "free some space where the Docker engine keeps its data, /srv/docker: docker system df")
      let error = CopyFailure.error("copy", "exit code 1", output: Self.words[0], remedy: remedy)
      #expect(error.suggestion == remedy)
    }
    let nowhere = DrydockError(ProbeFailure.rejected(message: Self.words[0]), resource: "db").suggestion
    #expect(nowhere?.contains("DRYDOCK_HOME") == true && nowhere?.contains("Docker engine") == true)
  }

  /// Bug: "timed out waiting for sh", as room had been made again by then.
  @Test func aDiskThatWasFullMeanwhileIsRemembered() async {
    struct Failure: Error {}
    let fills = Mutex([false, true, false])
    let looks = Latch()
    let (outcome, wasFull) = await DiskWatch.during(
      "/", every: .milliseconds(1),
      isFull: { _ in
        fills.withLock { fills in
          if fills.isEmpty { looks.come() }
          return fills.isEmpty ? false : fills.removeFirst()
        }
      },
      {
        await looks.wait()
        throw Failure()
      })
    #expect(wasFull && fails(outcome))
    let (value, isFull) = await DiskWatch.during("/", isFull: { _ in false }, { 42 })
    #expect((try? value.get()) == 42 && !isFull)
  }

  private func fails(_ outcome: Result<Void, any Error>) -> Bool { (try? outcome.get()) == nil }

  /// Bug: data that was there could be moved by DRYDOCK_HOME, said the remedy.
  @Test func whereDataIsAlreadyNoOtherDiskIsNamed() {
    let there = "free some space on the disk of /srv/db"
    #expect(WriteRemedy.onDisk(of: "/srv/db", isMovable: false) == there)
    #expect(WriteRemedy.onDisk(of: "/srv/db", isMovable: true).hasPrefix("\(there), or name a folder"))
  }

  @Test func isToldOfFilesOfOurs() throws {
    let error = DrydockError(CocoaError(.fileWriteOutOfSpace), resource: "db")
    #expect(error.code == .cannotWrite && error.message.contains("No space left on device"))
  }
}
