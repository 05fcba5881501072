package import DrydockBase
import Synchronization

/// Shows what several subjects are doing: on a terminal by a live line each, elsewhere by a plain line for each
/// change of phase. All methods may be called from anywhere at once; what they write comes out whole and in order.
package final class ProgressReporter: Sendable {
  private let terminal: Bool
  private let style: Style
  private let size: @Sendable () -> TerminalSize
  private let now: @Sendable () -> ContinuousClock.Instant
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// At most ten drawings a second for numbers that move; a new phase is always drawn at once.
  private static let interval = Duration.milliseconds(100)

  private struct Entry {
    var subject: String
    var phase: Phase
    var outcome: Bool?
    var printed: Phase?
  }

  private struct State {
    var entries: [Entry] = []
    var area = LiveArea()
    var lastDrawn: ContinuousClock.Instant?
    /// Set once the subjects outgrow the screen.
    var plain = false
  }

  /// A reporter that writes to some stream.
  /// - Parameters:
  ///   - terminal: Whether the stream is a terminal whose cursor can be moved.
  ///   - colour: Whether to use colours.
  ///   - size: The terminal's size; asked before each drawing, for it may change.
  ///   - now: The time, for the pace of drawing.
  ///   - write: Writes to the stream; called under a lock, one call a drawing.
  package init(
    terminal: Bool, colour: Bool, size: @escaping @Sendable () -> TerminalSize,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    write: @escaping @Sendable (String) -> Void
  ) {
    self.terminal = terminal
    style = Style(colour: colour)
    self.size = size
    self.now = now
    self.write = write
  }

  /// A reporter on an open descriptor, usually 2, by what it is and what the environment says of it.
  package convenience init(descriptor: Int32 = 2, environment: [String: String]) {
    let traits = TerminalTraits(descriptor: descriptor, environment: environment)
    self.init(
      terminal: traits.terminal, colour: traits.colour, size: { .current(of: descriptor) },
      write: { writeAll($0, to: descriptor) })
  }

  /// Says what a subject is doing now, such as `postgres  pulling 43 %`.
  package func update(_ subject: String, _ phase: String) {
    state.withLock { report(subject, Phase(phase), outcome: nil, in: &$0) }
  }

  /// Says how a subject ended.
  package func finish(_ subject: String, _ phase: String, success: Bool) {
    state.withLock { report(subject, Phase(phase), outcome: success, in: &$0) }
  }

  /// Marks what has no end as not finished, where it is drawn: a line that stays must not look like one that goes on.
  package func giveUp() {
    state.withLock { state in
      guard isLive(state) else { return }
      for index in state.entries.indices where state.entries[index].outcome == nil {
        state.entries[index].phase = Phase("not finished (\(state.entries[index].phase.text))")
        state.entries[index].outcome = false
      }
    }
  }

  /// Whether a subject is shown.
  package func isShown(_ subject: String) -> Bool {
    state.withLock { state in state.entries.contains { $0.subject == TerminalText.line(subject) } }
  }

  /// Writes a message that stays, above the live lines.
  package func log(_ line: String) {
    let text = TerminalText.message(line) + "\n"
    state.withLock { state in
      guard isLive(state), !state.area.isEmpty else { return write(text) }
      let columns = size().columns
      let erased = state.area.erase(columns: columns)
      write(erased + text + state.area.draw(lines(of: state, columns), columns: columns))
    }
  }

  /// Draws what is still held back and leaves the live lines on the screen for good. What is reported after that
  /// begins anew below.
  package func close() {
    state.withLock { state in
      if isLive(state), !state.entries.isEmpty { draw(&state) }
      state = State()
    }
  }

  private func isLive(_ state: State) -> Bool { terminal && !state.plain }

  private func report(_ subject: String, _ phase: Phase, outcome: Bool?, in state: inout State) {
    let name = TerminalText.line(subject)
    let index = state.entries.firstIndex { $0.subject == name } ?? state.entries.endIndex
    let previous = index < state.entries.endIndex ? state.entries[index] : nil
    let entry = Entry(subject: name, phase: phase, outcome: outcome, printed: previous?.printed)
    if previous == nil { state.entries.append(entry) } else { state.entries[index] = entry }
    leaveLiveAreaIfTooLong(&state)
    guard isLive(state) else { return printIfNews(index, in: &state, ended: previous?.outcome) }
    let isUrgent = previous?.phase.key != phase.key || previous?.outcome != outcome
    if isUrgent || isDue(state) { draw(&state) }
  }

  private func isDue(_ state: State) -> Bool {
    guard let last = state.lastDrawn else { return true }
    return now() - last >= Self.interval
  }

  private func draw(_ state: inout State) {
    state.lastDrawn = now()
    let columns = size().columns
    write(state.area.draw(lines(of: state, columns), columns: columns))
  }

  /// Lines that have scrolled off the screen cannot be drawn over: all goes on as plain lines then.
  private func leaveLiveAreaIfTooLong(_ state: inout State) {
    guard isLive(state) else { return }
    let size = size()
    guard state.entries.count >= size.rows else { return }
    write(state.area.erase(columns: size.columns))
    state.plain = true
    for index in state.entries.indices.dropLast() { printIfNews(index, in: &state, ended: nil) }
  }

  private func printIfNews(_ index: Int, in state: inout State, ended: Bool?) {
    let entry = state.entries[index]
    guard entry.phase.isNews(after: entry.printed) || entry.outcome != ended else { return }
    state.entries[index].printed = entry.phase
    write(line(of: entry) + "\n")
  }

  /// Long names give way to what is said of them, as far as two fifths of the screen.
  private func lines(of state: State, _ columns: Int) -> [String] {
    let (names, phases) = (state.entries.map(\.subject), state.entries.map(\.phase.text))
    let room = columns - 3 - (phases.map(DisplayWidth.of).max() ?? 0)
    let width = min(names.map(DisplayWidth.of).max() ?? 0, max(room, columns * 2 / 5))
    return state.entries.map { line(of: $0, named: width) }
  }

  private func line(of entry: Entry, named width: Int? = nil) -> String {
    let phase =
      switch entry.outcome {
      case nil: entry.phase.text
      case true?: style.green(entry.phase.text)
      case false?: style.red(entry.phase.text)
      }
    let name = width.map { DisplayWidth.padded(DisplayWidth.withoutMiddle(entry.subject, to: $0), to: $0) }
    return "\(name ?? entry.subject)  \(phase)"
  }
}
