/// `timers:`.
extension DeployCheck {
  mutating func check(_ timer: Timer) {
    let start = SourceLocation(file: manifest.file, line: 1, column: 1)
    let place = manifest.places[.timer(timer.name)] ?? start
    if !serviceNames.contains(timer.service ?? "") {
      let service = timer.service ?? ""
      fail(
        "timer \(timer.name) references a service that does not exist: \(service)",
        at: manifest.places[.timerService(timer.name)] ?? place,
        findings.didYouMean(.error, service, in: manifest.services.lazy.map(\.name)))
    }
    checkSchedule(timer.schedule ?? "", at: manifest.places[.timerSchedule(timer.name)] ?? place)
  }

  private mutating func checkSchedule(_ text: String, at place: SourceLocation) {
    do {
      let schedule = try TimerSchedule(text)
      for surprise in TimerSchedule.surprises(text) {
        warn(surprise.message, at: place, surprise.suggestion)
      }
      guard let moment, schedule.next(after: moment) == nil else { return }
      warn("the schedule \(text) never comes again", at: place, "look at the days and the year")
    } catch {
      let isCount = (try? TimerSchedule.fields(text, .v2)) == nil
      fail(
        isCount ? error.message : "AWS rejects the schedule \(text): \(error.message)", at: place,
        error.suggestion)
    }
  }
}
