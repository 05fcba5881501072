import AppState
import DockerEngine
import HealthProbes
import LocalFiles
import MonotonicTime
import NativeProcess
import Servers
import Testing

@testable import DrydockBase

@Suite struct DrydockErrorTests {
  @Test(
    arguments: [
      (DockerError(.engineUnavailable(.notRunning), "m"), .unavailable),
      (DockerError(.noSuchImage, "m"), .unavailable),
      (DockerError(.rateLimited, "m"), .unavailable), (DockerError(.registryUnreachable, "m"), .unavailable),
      (DockerError(.timedOut, "m"), .notReady), (DockerError(.conflict, "m"), .failed),
      (NativeProcessError(.keeperMissing, "m"), .unavailable),
      (NativeProcessError(.locksUnsupported, "m"), .cannotWrite),
      (NativeProcessError(.portTaken, "m"), .failed), (TimeoutError("m"), .notReady),
      (PortTakenError(port: 7, owner: "m"), .failed), (ProbeFailure.starting(message: "m"), .failed),
      (AtomicFileError(.noSpace, path: "m", errno: 28), .cannotWrite), (Unknown.m, .internalFault),
      (DrydockError(.dataMismatch, "m"), .dataMismatch),
    ] as [(any Error, DrydockError.Code)])
  func errorsOfTheLibrariesAreTranslated(_ error: any Error, _ code: DrydockError.Code) {
    let translated = DrydockError(error)
    #expect(translated.code == code)
    #expect(translated.message.contains("m"))
    if !(error is DrydockError) {
      #expect(DrydockError(error, resource: "mydb").message.hasPrefix("resource mydb: "))
    }
  }

  private enum Unknown: Error { case m }

  @Test func ofSeveralFailuresTheFirstDecidesAndAMissedDeadlineLast() {
    let late = DrydockError(.notReady, "late")
    let wrong = DrydockError(.unavailable, "wrong")
    #expect(AggregateError([("a", late), ("b", wrong)]).code == .unavailable)
    #expect(AggregateError([("a", late), ("b", late)]).code == .notReady)
    #expect(AggregateError([("a", DrydockError(.failed, "x")), ("b", wrong)]).code == .failed)
    #expect(AggregateError([]).code == .failed)
  }

  @Test func anUnknownNameGetsTheNearestAndTheList() {
    let error = UnknownName.error("resource", "mydc", known: ["cache", "mydb"])
    #expect(error.code == .usage)
    #expect(error.message == "no resource is called mydc")
    #expect(error.suggestion == "did you mean mydb? there is cache, mydb")
    #expect(UnknownName.error("app", "x", known: []).suggestion == "there is none")
  }
}
