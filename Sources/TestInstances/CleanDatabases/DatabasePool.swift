import DrydockBase
import Engines
import Essentials
import LocalServer
import MonotonicTime

/// The clean databases of one server: templates by hash, and of each a few copies made ahead.
///
/// A copy goes to one client. Only what that client gives back as it was goes to another; all else is removed, and its
/// number is never used again.
actor DatabasePool {
  /// How much is done ahead, and how long anybody waits.
  struct Limits: Sendable {
    /// How many copies of a template are kept ready.
    var warm = max(2, min(8, 2 * ProcessInfo.processInfo.activeProcessorCount))
    /// How many are made at once.
    var parallel = max(2, min(8, ProcessInfo.processInfo.activeProcessorCount))
    /// How many of a template may be out before those that were left are looked for.
    var taken = 32
    /// How long one is out before it may be one that was left.
    var rest = Duration.seconds(5)
    /// How long a client waits.
    var patience = Duration.seconds(60)
  }

  private let copies: any DatabaseCopies
  private let background: BackgroundWork
  private let names: PoolNames
  private let limits: Limits
  private var templates: [Int: PooledTemplate] = [:]
  /// The templates that can be asked for, by their hashes.
  private var numbers: [String: Int] = [:]
  private var lastTemplate = 0
  private var nextDatabase = 0
  private var making = 0

  /// A pool without templates.
  /// - Parameter background: Where copies are made ahead; it has to run.
  init(
    _ copies: any DatabaseCopies, background: BackgroundWork, names: PoolNames = PoolNames(),
    limits: Limits = Limits()
  ) {
    self.copies = copies
    self.background = background
    self.names = names
    self.limits = limits
  }

  private var soon: Deadline { .after(limits.patience) }

  // MARK: Templates

  /// Makes an empty database to be filled by the client.
  /// - Returns: Its name.
  func initialize(_ hash: String) async throws -> String {
    guard !hash.isEmpty else { throw PoolFailure.hashMissing }
    let number = try add(hash)
    do {
      let name = templates[number]?.name ?? ""
      try await copies.create(name, until: soon)
      guard templates[number] != nil else { throw PoolFailure.discarded }
      return name
    } catch {
      forget(number)
      throw error
    }
  }

  private func add(_ hash: String) throws -> Int {
    guard numbers[hash] == nil else { throw PoolFailure.alreadyInitialized }
    lastTemplate += 1
    numbers[hash] = lastTemplate
    templates[lastTemplate] = names.template(hash, number: lastTemplate)
    return lastTemplate
  }

  /// Takes a template as it is now. A second time means nothing.
  func finalize(_ hash: String) async throws {
    guard let number = numbers[hash], let template = templates[number] else {
      throw PoolFailure.templateNotFound
    }
    guard template.copier == nil else { return }
    guard !template.isFinalizing else { return try await settle(template) }
    templates[number]?.isFinalizing = true
    do {
      try await copies.close(template.name, until: soon)
      let copier = try await copies.copier(of: template.name, until: soon)
      templates[number]?.copier = copier
    } catch {
      templates[number]?.isFinalizing = false
      throw error
    }
    template.settled.come()
    refill()
  }

  /// Makes a template of a database that stays open, the first time; it must not be in use at that moment. It is asked for
  /// by an empty hash, which no client has.
  func adopt(_ origin: String) async throws {
    guard numbers[""] == nil else { return }
    let number = try add("")
    do {
      let copier = try await copies.copier(of: origin, until: soon)
      try await copier(templates[number]?.name ?? "", soon)
    } catch {
      forget(number)
      throw error
    }
    try await finalize("")
  }

  private func settle(_ template: PooledTemplate) async throws {
    do {
      try await withDeadline(soon, "the template") { await template.settled.wait() }
    } catch is TimeoutError {
      throw PoolFailure.notFinalized
    }
    try Task.checkCancellation()
  }

  /// Removes a template and the copies that nobody has. What somebody has stays until the instance goes.
  func discard(_ hash: String) async throws {
    guard let number = numbers[hash], let template = forget(number) else {
      throw PoolFailure.templateNotFound
    }
    for id in template.ready { remove(template.prefix + "\(id)") }
    try await copies.drop(template.name, until: soon)
  }

  /// Removes all templates.
  func reset() async throws {
    for hash in numbers.keys { try await discard(hash) }
  }

  @discardableResult
  private func forget(_ number: Int) -> PooledTemplate? {
    numbers = numbers.filter { $0.value != number }
    let template = templates.removeValue(forKey: number)
    template?.settled.come()
    template?.waiters.forEach { $0.tell(.failure(PoolFailure.discarded)) }
    return template
  }

  // MARK: Databases

  /// A database of its own for the caller.
  func take(_ hash: String) async throws -> (id: Int, name: String) {
    guard let number = numbers[hash], let template = templates[number] else {
      throw PoolFailure.templateNotFound
    }
    if template.copier == nil { try await settle(template) }
    guard templates[number] != nil else { throw PoolFailure.discarded }
    let id = try await next(of: number)
    templates[number]?.taken.append((id, SuspendingClock.now))
    refill()
    recycle(number)
    return (id, template.prefix + "\(id)")
  }

  private func next(of number: Int) async throws -> Int {
    if templates[number]?.waiters.isEmpty == true, templates[number]?.ready.isEmpty == false,
      let id = templates[number]?.ready.removeFirst()
    {
      return id
    }
    let waiter = DatabaseWaiter()
    templates[number]?.waiters.append(waiter)
    refill()
    let isLate = (try? await withDeadline(soon, "a database") { await waiter.arrival.wait() }) == nil
    templates[number]?.waiters.removeAll { $0 === waiter }
    guard let result = waiter.result else {
      throw isLate && !Task.isCancelled ? PoolFailure.noneReady : PoolFailure.notReady
    }
    return try result.get()
  }

  /// Takes a database back that its client did not change.
  func unlock(_ hash: String, _ id: Int) throws {
    let number = try number(hash, id)
    guard templates[number]?.takeBack(id) == true else { return }
    offer(id, of: number)
  }

  /// Takes a database back that its client did change: another one comes in its place.
  func recreate(_ hash: String, _ id: Int) throws {
    let number = try number(hash, id)
    guard templates[number]?.takeBack(id) == true, let prefix = templates[number]?.prefix else { return }
    remove(prefix + "\(id)")
    refill()
  }

  private func number(_ hash: String, _ id: Int) throws -> Int {
    guard let number = numbers[hash], let template = templates[number] else {
      throw PoolFailure.templateNotFound
    }
    guard template.known.contains(id) else { throw PoolFailure.databaseNotFound }
    return number
  }

  private func offer(_ id: Int, of number: Int) {
    guard let template = templates[number] else { return }
    guard !template.waiters.isEmpty else {
      templates[number]?.ready.append(id)
      return
    }
    templates[number]?.waiters.removeFirst().tell(.success(id))
  }

  // MARK: In the background

  /// Has copies made for those who wait, and some ahead.
  private func refill() {
    for (number, template) in templates where template.copier != nil {
      let wanted = template.waiters.count + limits.warm - template.ready.count - template.making
      for _ in 0..<max(0, min(wanted, limits.parallel - making)) { begin(number) }
    }
  }

  private func begin(_ number: Int) {
    guard let copier = templates[number]?.copier, let prefix = templates[number]?.prefix else { return }
    let id = nextDatabase
    do {
      try background.start { await self.make(id, named: "\(prefix)\(id)", of: number, copier) }
    } catch {
      templates[number]?.waiters.forEach { $0.tell(.failure(PoolFailure.notReady)) }
      return
    }
    nextDatabase += 1
    making += 1
    templates[number]?.making += 1
    templates[number]?.known.insert(id)
  }

  private func make(_ id: Int, named name: String, of number: Int, _ copier: DatabaseCopier) async {
    let result: Result<Void, any Error>
    do { result = .success(try await copier(name, soon)) } catch { result = .failure(error) }
    making -= 1
    templates[number]?.making -= 1
    guard let template = templates[number] else { return remove(name) }
    switch result {
    case .success: offer(id, of: number)
    case .failure(let error):
      // Each failure answers somebody: one that nobody waits for is not tried again by itself.
      guard !template.waiters.isEmpty else { return }
      templates[number]?.waiters.removeFirst().tell(.failure(error))
    }
    refill()
  }

  /// Removes what its clients have left without a word, where many are out. Their numbers do not come again: a client that
  /// was only slow finds its database gone, never another's data in it.
  private func recycle(_ number: Int) {
    guard let template = templates[number], template.taken.count > limits.taken else { return }
    let left = template.taken.prefix { $0.since.duration(to: .now) > limits.rest }
      .prefix(template.taken.count - limits.taken)
    for (id, _) in left {
      _ = templates[number]?.takeBack(id)
      let name = template.prefix + "\(id)"
      try? background.start { await self.removeUnused(id, named: name, of: number) }
    }
  }

  private func removeUnused(_ id: Int, named name: String, of number: Int) async {
    let isInUse = (try? await copies.isInUse(name, until: soon)) ?? true
    guard isInUse else { return remove(name) }
    templates[number]?.taken.append((id, SuspendingClock.now))
  }

  private func remove(_ name: String) {
    let copies = copies
    let deadline = soon
    try? background.start { try? await copies.drop(name, until: deadline) }
  }
}
