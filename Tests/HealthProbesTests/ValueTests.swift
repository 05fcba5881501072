import Foundation
import HealthProbes
import Testing

struct ValueTests {
  private let target = ProbeTarget(port: 20001, user: "app", password: "hush", database: "db")

  @Test func aTargetNeverShowsItsPassword() {
    var dumped = ""
    dump(target, to: &dumped)
    for text in ["\(target)", String(describing: target), String(reflecting: [target]), dumped] {
      #expect(!text.contains("hush"))
    }
    #expect("\(target)" == "app:****@127.0.0.1:20001/db")
    var probe = ""
    dump(PostgresProbe(target: target), to: &probe)
    #expect(!probe.contains("hush"))
  }

  @Test(arguments: [
    (ExpectedIdentity(), true), (ExpectedIdentity(marker: "a"), true), (ExpectedIdentity(processID: 7), true),
    (ExpectedIdentity(marker: "a", processID: 7), true), (ExpectedIdentity(marker: "b"), false),
    (ExpectedIdentity(marker: "a", processID: 8), false), (ExpectedIdentity(marker: ""), false),
  ])
  func anIdentityComparesWhatIsGiven(identity: ExpectedIdentity, isOurs: Bool) {
    let report = ServerReport(flavour: .mysql, version: "8", marker: "a", processID: 7)
    let accepted: Void? = try? identity.check(report)
    #expect((accepted != nil) == isOurs)
  }

  @Test(arguments: [(ServerReport.Flavour.redis, true), (.postgresql, false)])
  func onlyAConfigPathMayHoldTheMarkerWithin(flavour: ServerReport.Flavour, isOurs: Bool) {
    let report = ServerReport(flavour: flavour, version: "7", marker: "/state/id/redis.conf")
    let accepted: Void? = try? ExpectedIdentity(marker: "id").check(report)
    #expect((accepted != nil) == isOurs)
  }

  @Test(arguments: [(0.0, true), (1.9, true), (2.5, false), (-2.5, false)])
  func startTimesFromWholeSecondsMayDiffer(seconds: Double, isSame: Bool) {
    let start = Date(timeIntervalSince1970: 1_000_000)
    let first = ServerReport(flavour: .mysql, version: "8", startTime: start)
    let second = ServerReport(flavour: .mysql, version: "8", startTime: start.addingTimeInterval(seconds))
    #expect(first.isSameRun(as: second) == isSame)
  }

  @Test func aReportSurvivesJSON() throws {
    let report = ServerReport(flavour: .redis, version: "7", marker: "m", processID: 1, uptimeSeconds: 0.5)
    #expect(try JSONDecoder().decode(ServerReport.self, from: JSONEncoder().encode(report)) == report)
  }

  @Test func theLibrariesTellTheirVersions() throws {
    for version in [try libpqVersion(), hiredisVersion(), try libmariadbVersion()] {
      #expect(version.wholeMatch(of: /\d+(\.\d+)+/) != nil)
    }
  }
}
