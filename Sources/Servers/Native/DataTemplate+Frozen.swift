import AppState
import DrydockBase
import Essentials
import LocalFiles
import MonotonicTime
import NativeProcess

/// A template that is unpacked once, and that throw-away data is laid over: nothing of it is copied before it is changed.
extension DataTemplate {
  /// The unpacked data directory, the engine's user's own.
  private var frozen: String { "\(folder)/frozen" }
  /// Written last: what tells whether it is as it was.
  private var frozenSeal: String { "\(folder)/frozen-sealed" }

  private var frozenMeasure: String? {
    guard Folder.isOwn(folder), Folder.exists(frozen),
      let words = contents(ofRegularFile: frozenSeal, limit: 256)
    else { return nil }
    return String(decoding: words, as: UTF8.self)
  }

  /// Lays an empty folder over the template; it is unpacked first where that was not done yet.
  /// - Parameters:
  ///   - files: Of the server whose data it is to be.
  ///   - leash: What it must not outlive.
  /// - Returns: Nil where there is no template yet, or somebody else is about to change it.
  /// - Throws: `DataOverlay.Refusal.system`; `TimeoutError`, `CancellationError`.
  func overlay(
    at data: String, files: SupervisedFiles, leash: Leash, until deadline: Deadline
  ) async throws -> DataOverlay? {
    guard isComplete else { return nil }
    if let measure = frozenMeasure {
      do {
        return try await lay(measure, at: data, files, leash, deadline)
      } catch DataOverlay.Refusal.changed {
        unlink(frozenSeal)
      } catch DataOverlay.Refusal.busy {
        return nil
      }
    }
    guard try await freeze(making: data, until: deadline), let measure = frozenMeasure else { return nil }
    do {
      return try await lay(measure, at: data, files, leash, deadline)
    } catch DataOverlay.Refusal.changed, DataOverlay.Refusal.busy {
      return nil
    }
  }

  private func lay(
    _ measure: String, at data: String, _ files: SupervisedFiles, _ leash: Leash, _ deadline: Deadline
  ) async throws -> DataOverlay {
    let overlay = try await DataOverlay.lay(
      over: frozen, measuring: measure, at: data, owner: tools.user, files: files, leash: leash,
      by: tools.keeper, until: deadline)
    noteUse()
    return overlay
  }

  /// Whether it is unpacked now. Nobody waits for another who does that, and what somebody uses is not replaced.
  private func freeze(making data: String, until deadline: Deadline) async throws -> Bool {
    guard let lock = InstanceLock.attempt(try makingFolder()) else { return false }
    defer { _ = lock }
    if frozenMeasure != nil { return true }
    guard let hold = CacheHold.alone(folder) else { return false }
    defer { _ = hold }
    let unfinished = "\(folder)/frozen.new"
    // Unpacked for nothing where the system then refuses.
    try await attempt(until: deadline)
    do {
      for path in [frozen, unfinished] { try await Folder.removeTree(path) }
      try tools.makeFolder(unfinished)
      async let intact = isIntact(making: data, until: deadline)
      try await tar(["-xpf", archive, "-C", unfinished], making: data, until: deadline)
      guard try await intact else {
        discard()
        return false
      }
      guard rename(unfinished, frozen) == 0 else { return false }
      let measure = try await DataOverlay.measure(frozen, by: tools.keeper, until: deadline)
      try DirectoryDescriptor(folder, followingLink: false).replace(
        URL(filePath: frozenSeal).lastPathComponent, with: Array(measure.utf8), mode: 0o600, isDurable: false)
      return true
    } catch let error where !(error is CancellationError || error is TimeoutError) {
      // A full disk, most likely: there is the archive.
      try? await Folder.removeTree(unfinished)
      return false
    }
  }

  private func attempt(until deadline: Deadline) async throws {
    let place = "\(folder)/attempt"
    try await Folder.removeTree(place)
    try Folder.make(place, mode: getuid() == 0 ? 0o711 : 0o700)
    defer { Folder.discard(place) }
    try await DataOverlay.attempt(in: place, owner: tools.user, by: tools.keeper, until: deadline)
  }

  private func makingFolder() throws -> String {
    let path = "\(folder)/making"
    try Folder.make(path, mode: 0o700)
    return path
  }
}
