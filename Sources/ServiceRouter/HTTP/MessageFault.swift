/// What is wrong with a message that came, and the status by which a request with it is answered.
struct MessageFault: Error, Hashable {
  let status: Int
  /// Why, for who sent it; nothing of the message itself is in it.
  let reason: String

  init(_ status: Int, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  static func bad(_ reason: String) -> MessageFault { MessageFault(400, reason) }
}
