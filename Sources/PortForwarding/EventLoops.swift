import NIOCore

/// The event loops on which drydock's connections live.
package enum EventLoops {
  /// Has two of them, whatever the machine: SwiftNIO makes one for each processor, with three descriptors and a thread
  /// each, of which a large machine has more than a process may have files open. To be called once, before any
  /// connection is made.
  package static func bound() { NIOSingletons.groupLoopCountSuggestion = 2 }
}
