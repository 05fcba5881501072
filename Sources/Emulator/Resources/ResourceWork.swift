public import MonotonicTime

/// How an operation on a created resource works: where, how long, and who is told.
public struct ResourceWork: Sendable {
  /// Where a new resource runs; one that exists stays where it is.
  public var choice: RuntimeChoice
  /// When to give up.
  public var deadline: Deadline
  /// What is said while an engine is worked on.
  public var events: UpOperation.UpEvents
  /// Called once the operation has passed all checks and is seen by others as `creating`, `updating`, `deleting`.
  public var accepted: @Sendable (RackResource) -> Void

  /// Work until a deadline that nobody listens to, unless listeners are given.
  public init(
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
