import NIOCore
import NIOPosix

/// A request on its way to a replica: chosen, waited for, connected to, tried again.
///
/// From the moment a replica is chosen until the end it counts as in flight there.
final class Exchange: RouterWaiter {
  let request: RequestHead
  private let core: RouterCore
  private var client: ClientConnection?
  /// The replica that its cookie names.
  private let token: String?
  private var entry: BackendEntry?
  private(set) var upstream: UpstreamConnection?
  private var tried: [BackendEntry] = []
  private let begin = NIODeadline.now()
  private var alarm: Scheduled<Void>?
  private var retries = 0

  /// The head as the replicas get it.
  let forwarded: ByteBuffer

  init(_ request: RequestHead, client: ClientConnection, core: RouterCore) {
    self.request = request
    forwarded = request.forwarded(client.forwardedBy)
    self.client = client
    self.core = core
    token = core.isSticky ? request.cookie(core.cookieName) : nil
  }

  /// The cookie by which a browser stays with the replica that answers; nil where it has it, or there is but one.
  var cookie: String? {
    guard core.isSticky, let entry, entry.token != token else { return nil }
    return "\(core.cookieName)=\(entry.token); Path=/; HttpOnly; SameSite=Lax"
  }

  /// Looks for a replica, at the beginning and after each failure.
  func goOn() {
    core.endWait(self)
    alarm?.cancel()
    guard client != nil else { return }
    switch core.nextStep(token, not: tried, since: begin) {
    case .ask(let entry): ask(entry)
    case .wait(let time):
      tried = []
      core.wait(self)
      alarm = core.loop.assumeIsolated().scheduleTask(in: time) { [self] in goOn() }
    case .refused:
      answer(Answer(status: 502, body: "502: \(core.options.service) does not take connections\n"))
    case .unavailable:
      answer(core.page.answer(asPage: request.wantsPage && request.method != .other))
    }
  }

  private func ask(_ entry: BackendEntry) {
    self.entry = entry
    entry.begin()
    let age = request.isRepeatable ? UpstreamConnection.idleLimit : UpstreamConnection.freshLimit
    if let kept = entry.takeIdle(youngerThan: age) { return start(kept) }
    UpstreamConnection.connect(entry, core).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let connection):
        guard self.entry === entry, upstream == nil, client != nil else { return connection.close() }
        start(connection)
      case .failure:
        guard self.entry === entry else { return }
        leaveEntry()
        tried.append(entry)
        goOn()
      }
    }
  }

  private func start(_ connection: UpstreamConnection) {
    upstream = connection
    connection.begin(self)
    client?.upstreamIsReady()
  }

  private func leaveEntry() {
    entry?.end()
    entry = nil
    upstream = nil
  }

  // MARK: The end

  /// The server ended or broke off before a byte of its answer.
  func failedUnanswered() {
    guard let failed = entry else { return }
    leaveEntry()
    // Those that were kept beside it are of the same age.
    failed.closeIdle(olderThan: .nanoseconds(0))
    retries += 1
    guard request.isRepeatable, retries <= 3 else {
      return answer(Answer(status: 502, body: "502: \(core.options.service) broke the connection off\n"))
    }
    tried.append(failed)
    // Once more at the same one, if there is no other: a connection that was kept may have been closed meanwhile.
    if core.choose(nil, not: tried) == nil { tried = [] }
    goOn()
  }

  /// The server answered with what cannot be passed on, or not in time.
  func failed(_ status: Int, _ reason: String) {
    leaveEntry()
    answer(Answer(status: status, body: "\(status): \(core.options.service) \(reason)\n"))
  }

  private func answer(_ answer: Answer) {
    let client = client
    finish()
    client?.answer(answer, to: request)
  }

  /// All is over, in whatever way.
  func finish() {
    alarm?.cancel()
    core.endWait(self)
    leaveEntry()
    client = nil
  }

  /// The client has gone.
  func cancel() {
    upstream?.abandon()
    finish()
  }

  // MARK: The answer, as it comes

  func receive(_ head: ResponseHead) { client?.receive(head, self) }
  func receive(_ data: ByteBuffer) { client?.receive(data) }
  func receiveEnd(_ trailers: ByteBuffer?) {
    let client = client
    finish()
    client?.receiveEnd(trailers)
  }
  func breakOff() {
    let client = client
    finish()
    client?.abort()
  }
  func flush() { client?.flush() }
  func upstreamBecameWritable() { client?.readIfDue() }
  var clientIsWritable: Bool { client?.isWritable ?? true }

  /// The server speaks another protocol from now on.
  func becomeTunnel(_ head: ResponseHead, _ upstream: UpstreamConnection) {
    client?.becomeTunnel(head, upstream)
  }
}
