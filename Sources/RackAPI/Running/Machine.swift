import Essentials

/// This machine, as a rack's only instance.
enum Machine {
  /// What it is called.
  static let name = ProcessInfo.processInfo.hostName

  /// When it was started.
  static var started: Date { Date(timeIntervalSinceNow: -ProcessInfo.processInfo.systemUptime) }
}
