import ConvoxManifest
import DrydockBase
import Essentials
import TerminalProgress

/// A timer and when it runs next, as it is printed.
struct TimerListing: Codable, Hashable, Sendable {
  /// Its name.
  var name: String
  /// The service whose image and variables it uses.
  var service: String?
  /// `schedule:` as written.
  var schedule: String?
  /// What is run.
  var command: String?
  /// What happens where a run is due while the last one goes on.
  var concurrency: ConvoxManifest.Timer.Concurrency
  /// The next three runs.
  var next: [Date]
  /// Why it never runs; nil where it does.
  var problem: String?

  init(_ timer: ConvoxManifest.Timer, after moment: Date) {
    name = timer.name
    service = timer.service
    schedule = timer.schedule
    command = timer.command
    concurrency = timer.concurrency
    next = []
    do {
      let runs = try TimerSchedule(timer.schedule ?? "").next(
        3, after: Int(moment.timeIntervalSince1970.rounded(.down)))
      next = runs.map { Date(timeIntervalSince1970: Double($0)) }
      problem = runs.isEmpty ? "never again" : nil
    } catch {
      problem = error.message
    }
  }

  /// The timers, each run on a line of its own.
  /// - Parameter zone: The machine's; without a column of its own where it is UTC in all of these.
  static func table(_ timers: [TimerListing], zone: LocalTime, screen: Int? = nil) -> String {
    let isLocal = timers.flatMap(\.next).contains { zone.offset(at: $0) != 0 }
    let local = isLocal ? ["LOCAL"] : []
    let table = Table(
      header: ["TIMER", "SERVICE", "SCHEDULE", "NEXT (UTC)"] + local + ["COMMAND"],
      rows: timers.map { timer in
        [timer.name, timer.service ?? "-", timer.schedule ?? "-", timer.runs(in: .utc)]
          + (isLocal ? [timer.next.isEmpty ? "-" : timer.runs(in: zone)] : []) + [
            timer.command?.oneLine ?? "-"
          ]
      }
    ).rendered(screen: screen, steps: steps)
    // The further runs have no command beside them.
    return table.replacing(/[ ]+\n/, with: "\n")
  }

  private static let steps: [TableStep] = [
    .cutEnd("COMMAND", least: 20), .leaveOut("SERVICE"), .cutEnd("COMMAND", least: 10), .leaveOut("LOCAL"),
    .cutMiddle("TIMER", least: 10), .leaveOut("COMMAND"), .wrap("NEXT (UTC)", least: 20),
    .wrap("SCHEDULE", least: 10),
  ]

  private func runs(in zone: LocalTime) -> String {
    if let problem { return problem }
    return next.map { Self.text($0, in: zone) }.joined(separator: "\n")
  }

  /// `Thu 2024-02-29 03:00`.
  static func text(_ date: Date, in zone: LocalTime) -> String {
    let offset = zone.offset(at: date)
    let seconds = Int(date.timeIntervalSince1970) + offset
    return TimerSchedule.text(ofMoment: seconds)
  }
}
