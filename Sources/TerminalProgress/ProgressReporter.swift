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

  /// Writes a message that stays, above the live lines.
  package func log(_ line: String) {
    let text = TerminalText.message(line) + "\n"
    state.withLock { state in
      guard isLive(state), !state.area.isEmpty else { return write(text) }
      let columns = size().columns
      let erased = state.area.erase(columns: columns)
      write(erased + text + state.area.draw(lines(of: state), columns: columns))
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
    write(state.area.draw(lines(of: state), columns: size().columns))
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
    write(line(of: entry, padding: 0) + "\n")
  }

  private func lines(of state: State) -> [String] {
    let width = state.entries.map { DisplayWidth.of($0.subject) }.max() ?? 0
    return state.entries.map { line(of: $0, padding: width) }
  }

  private func line(of entry: Entry, padding: Int) -> String {
    let phase =
      switch entry.outcome {
      case nil: entry.phase.text
      case true?: style.green(entry.phase.text)
      case false?: style.red(entry.phase.text)
      }
    return "\(DisplayWidth.padded(entry.subject, to: padding))  \(phase)"
  }
}
