import AppState
import DrydockBase
import Emulator
import Essentials
import Planning
import Synchronization
import TerminalProgress

/// Shows an `up` while it works: a line a resource on a terminal, plain lines elsewhere.
struct UpDisplay: Sendable {
  private let console: Console
  private let reporter: ProgressReporter?
  /// Nothing that is being started waits for somebody who stopped reading.
  private let writer = LossyWriter(descriptor: STDERR_FILENO)

  init(_ console: Console) {
    self.console = console
    let traits = TerminalTraits(descriptor: STDERR_FILENO, environment: console.environment)
    self.reporter =
      console.isQuiet
      ? nil
      : ProgressReporter(
        // Lines of a log would go through those that are drawn.
        terminal: traits.terminal && !Diagnostics.isShown, colour: traits.colour,
        size: { .current(of: STDERR_FILENO) },
        write: { [writer] in writer.write($0) })
  }

  /// The listeners to hand to the operation.
  var events: UpOperation.UpEvents {
    var events = UpOperation.UpEvents(
      phase: { [reporter] resource, phase in reporter?.update(resource, phase) },
      notice: { [reporter, console] text in
        if let reporter { reporter.log("WARNING: \(text)") } else { console.warn(text) }
      },
      planned: { [reporter, console] plan in
        guard console.isVerbose else { return }
        reporter?.log("runtime: \(plan.runtime.rawValue) (\(plan.runtimeReason))")
      })
    events.findings = { [reporter] findings in
      // Without a reporter only results and errors are wanted.
      if findings.isTold {
        if let summary = findings.summary { reporter?.log(summary) }
      } else {
        findings.lines.forEach { reporter?.log("WARNING: \($0)") }
      }
    }
    // At once, so that nobody waits for what is there already.
    events.done = { [reporter] outcome in
      // What runs already is told of only if it was waited for.
      guard let reporter, outcome.action.isStart || reporter.isShown(outcome.resource) else { return }
      reporter.finish(outcome.resource, "ready \(Figures.seconds(outcome.seconds))", success: true)
    }
    return events
  }

  /// Shows what is done; where it fails, what was not finished is said to be so.
  func following<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      let value = try await body()
      await close()
      return value
    } catch {
      reporter?.giveUp()
      await close()
      throw error
    }
  }

  /// Leaves the lines as they are. What is shown after that begins anew below.
  func close() async {
    reporter?.close()
    await writer.flush()
  }
}

/// Numbers as people read them.
enum Figures {
  /// `0.21 s`.
  static func seconds(_ value: Double) -> String { "\(String(fixed: value, digits: 2)) s" }

  /// `3 d 4 h`, `5 min`, `12 s`: the two largest units.
  static func uptime(_ seconds: Int) -> String {
    let units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    var rest = max(0, seconds)
    var parts: [String] = []
    for (name, size) in units where rest >= size {
      parts.append("\(rest / size) \(name)")
      rest %= size
    }
    return parts.isEmpty ? "0 s" : parts.prefix(2).joined(separator: " ")
  }
}
