import Essentials
import Synchronization

/// A signal asked the command to end.
struct Interrupted: Error {
  /// The signal's number.
  let signal: Int32
  /// The status of a process that ends because of the signal.
  var status: Int32 { 128 + signal }
}

/// A command of the caller's, which drydock ran and waited for, ended otherwise than well: its status is drydock's, also
/// where a signal to drydock was handed on to it.
struct CommandEnded: Error {
  /// Its status, as a shell tells it.
  let status: Int32
}

/// Ends a command in order on the first Ctrl-C, SIGTERM or SIGHUP, and at once on the second; in order too when whoever
/// reads its output goes away, as by SIGPIPE.
enum Interruption {
  /// How long an orderly end may take, in seconds.
  private static let patience = Atomic<UInt32>(45)

  /// The first signal's number, 0 before it. Atomic, because the handler may run on any thread at any time.
  private static let first = Atomic<Int32>(0)
  /// When the first one came, in milliseconds of the monotonic clock.
  private static let noted = Atomic<Int64>(0)
  /// The end of a pipe into which the handler writes.
  private static let wakeUp = Atomic<Int32>(-1)
  /// Whether the command is of use without a reader of its standard output.
  private static let goesOnUnread = Atomic<Bool>(false)
  /// Whether the caller had SIGPIPE ignored, which its programs inherit.
  private static let ignoredPipe = Atomic<Bool>(false)

  /// The end of a pipe for signals that are not meant for this command; -1 where they are.
  private static let passOn = Atomic<Int32>(-1)
  /// How many were passed on.
  private static let passed = Atomic<Int32>(0)
  /// That many are from somebody who wants this command to end, whatever becomes of the program.
  private static let passedLimit: Int32 = 3

  /// The signal by which the command was told to end; SIGTERM where it was not.
  static var cause: Int32 {
    let number = first.load(ordering: .relaxed)
    return number == 0 ? SIGTERM : number
  }

  /// Whether the command was told to end.
  static var isUnderWay: Bool { first.load(ordering: .relaxed) != 0 }

  /// Runs `operation`; the first signal cancels it, and once it has ended `Interrupted` is thrown.
  static func guarding(_ operation: @escaping @Sendable () async throws -> Void) async throws {
    let signals = install()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await operation()
        // It may have ended before it learnt that it was for nobody.
        try refuseLostReader()
      }
      group.addTask {
        for await _ in signals { break }
        try Task.checkCancellation()
        throw Interrupted(signal: first.load(ordering: .relaxed))
      }
      defer { group.cancelAll() }
      do {
        try await group.next()
      } catch let interruption as Interrupted {
        group.cancelAll()
        while let rest = await group.nextResult() {
          if case .failure(let ended as CommandEnded) = rest { throw ended }
        }
        throw interruption
      }
    }
  }

  private static func refuseLostReader() throws {
    let signal = first.load(ordering: .relaxed)
    if signal == SIGPIPE { throw Interrupted(signal: signal) }
  }

  /// Whoever read the standard output has gone: nothing that the command does is for anybody.
  static func noteLostReader() {
    guard !goesOnUnread.load(ordering: .relaxed) else { return }
    note(SIGPIPE)
  }

  /// Gives an orderly end more time than usual.
  /// - Parameter seconds: The time that it may take.
  static func allow(_ seconds: Int) {
    patience.store(UInt32(clamping: max(45, seconds)), ordering: .relaxed)
  }

  /// Has the command go on when nobody reads its standard output: for one whose work is not what it prints.
  static func goOnUnread() { goesOnUnread.store(true, ordering: .relaxed) }

  /// Gives a program that takes this process's place the SIGPIPE that the caller meant for it: sockets have it ignored
  /// here, which would be inherited.
  static func restorePipeSignal() {
    signal(SIGPIPE, ignoredPipe.load(ordering: .relaxed) ? SIG_IGN : SIG_DFL)
  }

  /// Gives out the signals from now on instead of ending this command by them: for a program elsewhere, whose end is the
  /// command's. The third one ends the command at once.
  static func passingOn() -> AsyncStream<Int32> {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return AsyncStream { $0.finish() } }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    passOn.store(ends[1], ordering: .relaxed)
    signal(SIGQUIT, handle)
    let reader = ends[0]
    return AsyncStream { continuation in
      detachThread {
        var byte: UInt8 = 0
        while true {
          let count = read(reader, &byte, 1)
          if count == 1 { continuation.yield(Int32(byte)) } else if count == 0 || errno != EINTR { return }
        }
      }
    }
  }

  /// Handles the signals by a handler rather than by ignoring them: an ignored signal stays ignored in every
  /// program that is started, a handled one does not.
  private static func install() -> AsyncStream<Void> {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return AsyncStream { $0.finish() } }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wakeUp.store(ends[1], ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, handle) }
    // Writing to nobody is an error then, and no end in the middle of something.
    let before = signal(SIGPIPE) { _ in }
    ignoredPipe.store(isIgnoring(before), ordering: .relaxed)
    let reader = ends[0]
    return AsyncStream { continuation in
      // A thread of its own waits: the pool's threads are not for waiting.
      detachThread {
        waitForEnd(reader)
        continuation.yield()
      }
    }
  }

  private static func isIgnoring(_ handler: (@convention(c) (Int32) -> Void)?) -> Bool {
    unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Waits for the handler's byte, or until nobody reads the standard output any more, which a command that has
  /// nothing to write would never learn.
  private static func waitForEnd(_ reader: Int32) {
    var watched = [
      pollfd(fd: reader, events: Int16(POLLIN), revents: 0),
      // A pipe, a socket or a terminal without its other end is reported unasked.
      pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
    ]
    while true {
      guard poll(&watched, 2, -1) > 0 else { continue }
      if watched[0].revents != 0 { return }
      if watched[1].revents & Int16(POLLERR | POLLHUP) != 0 { noteLostReader() }
      watched[1].fd = -1
    }
  }

  /// Only what a signal handler may do: atomics, write, alarm, _exit.
  private static let handle: @convention(c) (Int32) -> Void = { number in
    let pipe = passOn.load(ordering: .relaxed)
    guard pipe < 0 else {
      if passed.add(1, ordering: .relaxed).newValue >= passedLimit { _exit(128 + number) }
      var byte = UInt8(truncatingIfNeeded: number)
      _ = write(pipe, &byte, 1)
      return
    }
    guard !note(number) else { return }
    // A terminal that goes is a reader that goes, and then a signal: the first one.
    let (isFirst, _) = first.compareExchange(expected: SIGPIPE, desired: number, ordering: .relaxed)
    if !isFirst, !isEcho(number) { _exit(128 + number) }
  }

  /// Whether it is the first signal once more: a program above this one, such as make or npm, passes on what the terminal
  /// has sent to all of them.
  private static func isEcho(_ number: Int32) -> Bool {
    number == first.load(ordering: .relaxed) && milliseconds() - noted.load(ordering: .relaxed) < 150
  }

  private static func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Notes the first reason to end, and sees to it that the end comes. Called by the signals' handler.
  /// - Returns: Whether it was the first.
  @discardableResult
  private static func note(_ number: Int32) -> Bool {
    let (isFirst, _) = first.compareExchange(expected: 0, desired: number, ordering: .relaxed)
    guard isFirst else { return false }
    noted.store(milliseconds(), ordering: .relaxed)
    var byte: UInt8 = 0
    _ = write(wakeUp.load(ordering: .relaxed), &byte, 1)
    // An end that takes too long is ended by the alarm, whose default action ends the process.
    alarm(patience.load(ordering: .relaxed))
    return true
  }
}
