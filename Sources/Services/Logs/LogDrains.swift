import AppState
import DrydockBase
import MonotonicTime
import NativeProcess
import Resources
import Servers
import SyslogDrains

/// The drains that an app is linked to: one of each begins when it is linked, and ends when it no longer is.
struct LogDrains: Sendable {
  let context: DrydockContext
  let id: String
  let folder: ServiceFolder
  let tell: @Sendable (SupervisorEvent) -> Void

  /// How often is looked which there are; a look reads every app's state.
  private static let pause = Duration.seconds(5)

  /// Works until it is cancelled.
  func run() async {
    var begin = LogTime.now
    var running: [DrainAddress: Latch] = [:]
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        let (wanted, isComplete) = linked()
        // Where not all can be told at this moment, those that run go on.
        for (address, end) in running where isComplete && !wanted.keys.contains(address) {
          end.come()
          running[address] = nil
        }
        for (address, app) in wanted where running[address] == nil {
          let end = Latch()
          running[address] = end
          group.addTask { [begin] in await drain(to: address, of: app, since: begin, until: end) }
        }
        try? await Task.sleep(for: Self.pause, clock: SuspendingClock())
        // What is linked later begins then.
        begin = LogTime.now
      }
      group.cancelAll()
    }
  }

  /// The addresses, with the app's name; two resources may have the same. And whether these are all: a state that cannot be
  /// read may be that of another one.
  func linked() -> (drains: [DrainAddress: String], isComplete: Bool) {
    let survey = context.store.survey()
    let isComplete = survey.obstacle == nil && survey.unread.isEmpty
    guard let state = survey.instances.first(where: { $0.id == id }) else { return ([:], isComplete) }
    let linked = survey.instances.filter { $0.created?.links.contains(id) == true }
    let urls = linked.compactMap { resource -> String? in
      guard let created = resource.created, created.isDrain else { return nil }
      return created.parameters[SyslogDrain.option]
    }
    let drains = Dictionary(urls.compactMap(DrainAddress.init).map { ($0, state.app) }) { first, _ in first }
    return (drains, isComplete)
  }

  private func drain(to address: DrainAddress, of app: String, since: LogTime, until end: Latch) async {
    let authority = LocalAuthority(home: context.home)
    let drain = LogDrain(
      app: app, address: address, service: { ServiceReplica(name: $0)?.service ?? $0 },
      trust: {
        // Which writes the system's roots and drydock's own authority into one file.
        guard try authority.trustVariables().isEmpty else { return authority.bundleFile }
        return LocalAuthority.systemRootsFile ?? authority.bundleFile
      },
      tell: { tell(SupervisorEvent(.notice, nil, "log drain: \($0)")) })
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await drain.run { take in
          // A log that cannot be followed any more has ended: what came from it is sent all the same.
          try? await ServiceLog(folder).follow(from: .time(since), toTheEnd: true, take)
        }
      }
      group.addTask { await end.wait() }
      await group.next()
      group.cancelAll()
    }
  }
}
