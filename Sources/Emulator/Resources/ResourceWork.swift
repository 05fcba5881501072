package import MonotonicTime
package import Planning
package import Resources

/// How an operation on a created resource works: where, how long, and who is told.
package struct ResourceWork: Sendable {
  /// Where a new resource runs; one that exists stays where it is.
  package var choice: RuntimeChoice
  /// When to give up.
  package var deadline: Deadline
  /// What is said while an engine is worked on.
  package var events: UpOperation.UpEvents
  /// Called once the operation has passed all checks and is seen by others as `creating`, `updating`, `deleting`.
  package var accepted: @Sendable (RackResource) -> Void

  /// Work until a deadline that nobody listens to, unless listeners are given.
  package init(
    choice: RuntimeChoice = .auto, deadline: Deadline,
    events: UpOperation.UpEvents = .init(phase: { _, _ in }, notice: { _ in }, planned: { _ in }),
    accepted: @escaping @Sendable (RackResource) -> Void = { _ in }
  ) {
    self.choice = choice
    self.deadline = deadline
    self.events = events
    self.accepted = accepted
  }
}
