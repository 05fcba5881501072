import Essentials
import MonotonicTime
import NativeProcess
import Services
import Synchronization
import TerminalProgress

/// Shows what services write and what becomes of them, as `NAME | LINE`.
final class ServiceView: Sendable {
  private struct State {
    var names: [String] = []
    var width = 0
  }

  private let folder: ServiceFolder
  private let console: Console
  private let format: OutputFormat
  private let only: ServiceReplica?
  private let state = Mutex(State())
  private let begin = LogTime.now

  /// - Parameter only: The one replica whose output is shown, as it wrote it; nil for all of them.
  init(
    _ folder: ServiceFolder, _ console: Console, format: OutputFormat = .table, only: ServiceReplica? = nil
  ) {
    self.only = only
    self.folder = folder
    self.console = console
    self.format = format
    for name in ["drydock"] + folder.replicas.map(\.name) { note(name) }
  }

  /// Shows an event.
  func show(_ event: SupervisorEvent) {
    if let replica = event.replica { note(replica.name) }
    if format == .json { return show(json: ShownEvent(event)) }
    // It may have names of files in it, which hold anything.
    print("drydock", TerminalText.line(event.line))
    for line in event.details { print("drydock", "  \(line)") }
  }

  /// Shows where services are that run already.
  func show(addresses services: [ServiceStatus]) {
    for service in services {
      let places = [service.url].compactMap(\.self) + (service.ports ?? []).map { "port \($0.text)" }
      guard !places.isEmpty else { continue }
      show(SupervisorEvent(.notice, nil, "\(service.service) is at \(places.joined(separator: ", "))"))
    }
  }

  /// Shows what services write while something goes on, and what they wrote at its end, also when the task is cancelled.
  func showing<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let end = Latch()
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { [self] in
        await shieldedFromCancellation { await self.follow(until: end) }
        return nil
      }
      group.addTask {
        defer { end.come() }
        return try await work()
      }
      var result: Value?
      do {
        while let ended = try await group.next() { result = ended ?? result }
      } catch {
        end.come()
        while await group.nextResult() != nil {}
        throw error
      }
      guard let result else { throw CancellationError() }
      return result
    }
  }

  private func follow(until end: Latch) async {
    let follower = LineFollower(sources, from: .time(begin))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        while let lines = await follower.next() { show(lines) }
      }
      group.addTask { [self] in
        // Replicas come and go; their folders stay.
        while !end.hasCome {
          await follower.set(sources)
          try? await Task.sleep(for: .milliseconds(100), clock: SuspendingClock())
        }
      }
      group.addTask { await end.wait() }
      while await group.next() != nil {
        if end.hasCome { group.cancelAll() }
      }
    }
    // Whatever was written had its end before the last process had.
    while case let lines = await follower.rest(), !lines.isEmpty { show(lines) }
  }

  private var sources: [LogSource] {
    (only.map { [$0] } ?? folder.replicas).map(folder.log)
  }

  private func show(_ lines: [NamedLine]) {
    for line in lines where line.line.stream != .event {
      if only != nil {
        write(line.line)
        continue
      }
      note(line.name)
      if format == .json { show(json: ShownLine(line)) } else { print(line.name, line.line.text) }
    }
  }

  private func write(_ line: LogLine) {
    guard line.stream == .error else {
      return console.printUnchanged(
        (isatty(STDOUT_FILENO) == 1 ? TerminalText.line(line.text) : line.text) + "\n")
    }
    StandardStreams.say((isatty(STDERR_FILENO) == 1 ? TerminalText.line(line.text) : line.text) + "\n")
  }

  private func note(_ name: String) {
    state.withLock { state in
      guard !state.names.contains(name) else { return }
      state.names.append(name)
      state.width = max(state.width, DisplayWidth.of(TerminalText.line(name)))
    }
  }

  private func print(_ name: String, _ text: String) {
    let (index, width) = state.withLock { ($0.names.firstIndex(of: name) ?? 0, $0.width) }
    let colours = [37, 36, 33, 32, 35, 34, 31]
    let padded = DisplayWidth.padded(TerminalText.line(name), to: width) + " | "
    let prefix =
      console.colours ? "\u{1B}[\(colours[index % colours.count])m\(padded)\u{1B}[0m" : padded
    // Not escaped where a program reads on.
    console.printUnchanged(prefix + (isatty(STDOUT_FILENO) == 1 ? TerminalText.line(text) : text))
  }

  private func show(json value: some Encodable) {
    guard let text = try? value.encoded() else { return }
    console.printUnchanged(text)
  }
}

/// An event as JSON.
private struct ShownEvent: Encodable {
  let event: String
  let name: String?
  let text: String
  let details: [String]?
  let time: Date

  init(_ event: SupervisorEvent) {
    self.event = event.kind.rawValue
    name = event.replica?.name
    text = event.text
    details = event.details.isEmpty ? nil : event.details
    time = event.time
  }
}
