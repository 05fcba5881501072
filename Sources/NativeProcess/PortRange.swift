import DrydockBase

/// Which ports drydock takes for itself, and where it begins to look.
package enum PortRange {
  /// 15000–29999, cut off where the kernel's own range for outgoing connections begins.
  ///
  /// A port out of that range could be taken by any connection while an engine is stopped. A kernel that leaves fewer
  /// than a thousand of them gives no choice: then the whole range is used.
  package static var standard: ClosedRange<Int> {
    let whole = 15_000...29_999
    guard let first = firstEphemeral, first <= whole.upperBound, first - whole.lowerBound >= 1000 else {
      return whole
    }
    return whole.lowerBound...(first - 1)
  }

  private static var firstEphemeral: Int? {
    readSmallText("/proc/sys/net/ipv4/ip_local_port_range")?.split(whereSeparator: \.isWhitespace).first
      .flatMap { Int($0) }
  }

  /// The place in `range` where the search for a seed's port begins: the same on every machine and in every run.
  package static func start(seed: String, in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(fnv1a(seed) % UInt64(range.count))
  }
}
