import ConvoxManifest
import Foundation
import Testing

@testable import DrydockCommands

@Suite("Timers as they are listed")
struct TimerListingTests {
  private let moment = Date(timeIntervalSince1970: 1_709_028_900)  // 2024-02-27 10:15 UTC

  private func listing(_ schedule: String?, command: String? = "bin/tidy") -> TimerListing {
    TimerListing(
      ConvoxManifest.Timer(name: "tidy", service: "web", schedule: schedule, command: command), after: moment)
  }

  @Test("Three runs, a line each, and the machine's own time where that differs") func table() {
    let timers = [listing("0 3 ? * SUN")]
    #expect(
      TimerListing.table(timers, zone: .utc) == """
        TIMER  SERVICE  SCHEDULE     NEXT (UTC)            COMMAND
        tidy   web      0 3 ? * SUN  Sun 2024-03-03 03:00  bin/tidy
                                     Sun 2024-03-10 03:00
                                     Sun 2024-03-17 03:00

        """)
    let local = TimerListing.table(timers, zone: LocalTime { _ in -5 * 3600 })
    #expect(local.contains("Sun 2024-03-03 03:00  Sat 2024-03-02 22:00  bin/tidy"), "\(local)")
  }

  @Test(
    "What never runs says why",
    arguments: [
      (nil, "invalid schedule expression: "), ("0 99 * * ?", "hour: 99 is not one of 0 to 23"),
      ("0 0 30 2 ?", "never again"),
    ] as [(String?, String)])
  func problem(_ schedule: String?, _ reason: String) {
    let timer = listing(schedule)
    #expect(timer.problem == reason && timer.next.isEmpty)
    #expect(TimerListing.table([timer], zone: .utc).contains(reason))
  }

  @Test("A command of several lines stays in its row") func lines() {
    let table = TimerListing.table([listing("0 3 29 2 ? 2024", command: "a\nb")], zone: .utc)
    #expect(
      table.split(separator: "\n").count == 2 && table.hasSuffix("Thu 2024-02-29 03:00  a\\nb\n"), "\(table)")
  }
}
