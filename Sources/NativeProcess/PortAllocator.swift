import Essentials

/// Ports that are kept for their owners, also while these are stopped.
///
/// Each reserved port is a file in `folder`, named by its number and holding its owner. A file is changed only under
/// its lock, so that of two processes at once never both get a port.
package struct PortAllocator: Sendable {
  /// The folder of the port files; every drydock process of the machine has to use the same.
  package let folder: String
  /// Where ports are chosen from. An exact port may lie outside.
  package let range: ClosedRange<Int>
  private let isStale: @Sendable (_ owner: String) -> Bool

  /// An allocator on a folder that exists.
  /// - Parameter isStale: says that an owner no longer exists, so that its port may be given away. Asked while
  ///   the port's file is locked, so it must not reserve ports itself.
  package init(
    folder: String, range: ClosedRange<Int> = PortRange.standard,
    isStale: @escaping @Sendable (_ owner: String) -> Bool = { _ in false }
  ) {
    self.folder = folder
    self.range = range
    self.isStale = isStale
  }

  /// Reserves a port, and keeps it until it is released.
  ///
  /// An owner that has a port already gets the same one again, unless that is excluded: a crash between
  /// reserving and noting the port loses nothing. So an owner has to name one listener, for example
  /// `INSTANCE/RESOURCE`.
  /// - Parameters:
  ///   - seed: decides where in the range the search begins.
  ///   - owner: who the port is for; one line of text.
  ///   - excluding: ports that the caller knows to be of no use.
  /// - Throws: `NativeProcessError` with `.noFreePort`, `.fileUnusable` or `.locksUnsupported`.
  package func reserve(
    seed: String, owner: String, excluding: Set<Int> = []
  ) throws(NativeProcessError) -> Int {
    let kept = ports(of: owner).first { range.contains($0) && !excluding.contains($0) }
    if let kept { return kept }
    let first = PortRange.start(seed: seed, in: range)
    for offset in 0..<range.count {
      let port = range.lowerBound + (first - range.lowerBound + offset) % range.count
      // A file that cannot be used, such as another user's, costs one port and no more.
      let isUsable = !excluding.contains(port) && !Self.isObstructed(path(port))
      if isUsable, try claim(port, owner) == .claimed { return port }
    }
    throw NativeProcessError(
      .noFreePort, "no port from \(range.lowerBound) to \(range.upperBound) is free",
      suggestion: "name one by --port, or delete instances that are not used")
  }

  /// Reserves that very port.
  /// - Throws: `NativeProcessError` with `.portTaken` naming who has it, `.portNotPermitted`, `.fileUnusable`
  ///   or `.locksUnsupported`.
  package func reserve(exact port: Int, owner: String) throws(NativeProcessError) {
    switch try claim(port, owner) {
    case .claimed: return
    case .reserved(let other):
      throw NativeProcessError(
        .portTaken, "port \(port) is reserved for \(other)", suggestion: "choose another by --port")
    case .unavailable(.notPermitted):
      throw NativeProcessError(
        .portNotPermitted, "port \(port) is for privileged users only", suggestion: "choose one above 1023")
    case .unavailable:
      let taker = PortOwner.of(port: port).map(\.description) ?? "another process"
      throw NativeProcessError(
        .portTaken, "port \(port) is taken by \(taker)", suggestion: "end that, or choose another by --port")
    }
  }

  /// Gives a port back. A port that is not the owner's stays as it is.
  /// - Throws: `NativeProcessError` with `.fileUnusable` or `.locksUnsupported`.
  package func release(_ port: Int, owner: String) throws(NativeProcessError) {
    guard self.owner(of: port) == owner, let file = try PortFile.lock(path(port)) else { return }
    defer { file.unlock() }
    if try file.owner() == owner { try file.remove() }
  }

  /// Gives back the ports of owners that no longer exist. What cannot be given back now is given away when it is wanted.
  package func releaseStale() {
    let names = FileManager.default.readableNames(in: folder)
    for port in names.compactMap({ Int($0) }) {
      guard let owner = owner(of: port), !Self.isDamaged(owner), isStale(owner) else { continue }
      try? release(port, owner: owner)
    }
  }

  /// Who has reserved a port; nil when nobody has.
  package func owner(of port: Int) -> String? {
    readSmallText(path(port)).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// All ports that an owner has, in order.
  package func ports(of owner: String) -> [Int] {
    let names = FileManager.default.readableNames(in: folder)
    return names.compactMap { Int($0) }.filter { self.owner(of: $0) == owner }.sorted()
  }

  /// All ports whose owners' names begin with a text, with their owners.
  package func ports(ofOwnersBelow prefix: String) -> [(port: Int, owner: String)] {
    let names = FileManager.default.readableNames(in: folder)
    return names.compactMap { Int($0) }.sorted().compactMap { port in
      owner(of: port).flatMap { $0.hasPrefix(prefix) ? (port, $0) : nil }
    }
  }

  private enum Claim: Equatable {
    case claimed
    case reserved(String)
    case unavailable(PortAvailability)
  }

  /// Whether a file that is there is none of ours: a folder, a link, one that may not be written.
  private static func isObstructed(_ path: String) -> Bool {
    var info = stat()
    guard lstat(path, &info) == 0 else { return false }
    return info.st_mode & S_IFMT != S_IFREG || access(path, R_OK | W_OK) != 0
  }

  /// Whether this cannot be an owner: a line of text. A crash of the machine may leave any bytes.
  private static func isDamaged(_ owner: String) -> Bool {
    owner.unicodeScalars.contains { $0.value < 32 || $0.value == 127 || $0 == "\u{FFFD}" }
  }

  private func path(_ port: Int) -> String { "\(folder)/\(port)" }

  private func claim(_ port: Int, _ owner: String) throws(NativeProcessError) -> Claim {
    // A file that is locked is being claimed by somebody else at this moment.
    guard let file = try PortFile.lock(path(port)) else { return .reserved("another drydock process") }
    defer { file.unlock() }
    let present = try file.owner()
    // The owner's own engine may be listening there now, so its port need not be free.
    if present == owner { return .claimed }
    if let present, !Self.isDamaged(present), !isStale(present) { return .reserved(present) }
    let availability = PortAvailability.of(port)
    guard availability == .free else {
      if present == nil { try file.remove() }
      return .unavailable(availability)
    }
    try file.write(owner)
    return .claimed
  }
}
