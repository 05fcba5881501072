import DrydockBase
import Emulator
import Essentials
import Synchronization
import TerminalProgress

/// Shows how far an export or import is: bytes on a terminal, and how it ended in a line elsewhere.
final class TransferDisplay: Sendable {
  private let reporter: ProgressReporter?
  private let writer = LossyWriter(descriptor: STDERR_FILENO)
  private let isLive: Bool
  private let console: Console
  private let name: String
  private let verb: String
  private let bytes = Mutex(0)

  /// - Parameter isShown: False where the data itself fills the screen.
  init(_ console: Console, name: String, verb: String, isShown: Bool = true) {
    self.console = console
    self.name = name
    self.verb = verb
    let traits = TerminalTraits(descriptor: STDERR_FILENO, environment: console.environment)
    isLive = traits.terminal && !Diagnostics.isShown
    reporter =
      console.isQuiet || !isShown
      ? nil
      : ProgressReporter(
        terminal: isLive, colour: traits.colour, size: { .current(of: STDERR_FILENO) },
        write: { [writer] in writer.write($0) })
  }

  /// Takes word of how many bytes have moved.
  var update: @Sendable (Int) -> Void {
    return { [self] count in
      bytes.withLock { $0 = count }
      if isLive { reporter?.update(name, Figures.bytes(count)) }
    }
  }

  /// Says something that ought to be read, above what is shown live.
  var warn: @Sendable (String) -> Void {
    return { [self] text in
      guard isLive, let reporter else { return console.warn(text) }
      reporter.log("WARNING: \(text)")
    }
  }

  /// Runs the transfer and says how it ended.
  func following(_ body: () async throws -> Void) async throws {
    let start = SuspendingClock.now
    do {
      try await body()
    } catch {
      reporter?.giveUp()
      await close()
      throw error
    }
    let seconds = start.duration(to: .now) / .seconds(1)
    let sum = bytes.withLock { $0 }
    reporter?.finish(name, "\(verb) \(Figures.bytes(sum)) in \(Figures.seconds(seconds))", success: true)
    await close()
  }

  private func close() async {
    reporter?.close()
    await writer.flush()
  }
}

extension Figures {
  /// `512 B`, `1.4 MB`: decimal units, as disks and networks count.
  static func bytes(_ count: Int) -> String {
    guard count >= 1000 else { return "\(count) B" }
    var value = Double(count) / 1000
    for unit in ["kB", "MB"] {
      if value < 1000 { return "\(String(fixed: value, digits: 1)) \(unit)" }
      value /= 1000
    }
    return "\(String(fixed: value, digits: 1)) GB"
  }
}

/// As `asConvox`, but a tool that is not installed keeps its exit code: nothing was tried.
func asConvoxTransfer(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch var error as DrydockError {
    if error.code != .unavailable { error.code = .failed }
    throw error
  }
}
