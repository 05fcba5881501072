import DrydockBase

/// The kernel's tables of TCP sockets, `tcp` and `tcp6` of proc(5).
struct SocketTables {
  /// Where they lie.
  let folder: String

  /// Addresses on which a listener gets what is sent to 127.0.0.1: that one, all of IPv4, all of IPv6, and the
  /// first as an IPv6 address; in the machine's byte order, as the kernel prints them. Whether one of all of IPv6 leaves
  /// IPv4 out does not show here, so it counts.
  private static let addresses: Set<Substring> = [
    "0100007F", "00000000", "00000000000000000000000000000000", "0000000000000000FFFF00000100007F",
    // The same on a machine of the other byte order.
    "7F000001", "00000000000000000000FFFF7F000001",
  ]

  func listeners(at port: Int) throws(ListenersUnknown) -> [ListeningSocket] {
    var found: Set<ListeningSocket> = []
    // Twice, since a line may be missing from one reading.
    for table in ["tcp", "tcp6", "tcp", "tcp6"] {
      guard let text = KernelFile.text("\(folder)/\(table)") else {
        // A kernel without IPv6 has no second one.
        if table == "tcp6" { continue }
        throw ListenersUnknown(reason: "\(folder)/\(table) cannot be read")
      }
      found.formUnion(Self.listeners(in: text, port))
    }
    return Array(found)
  }

  private static func listeners(in table: String, _ port: Int) -> [ListeningSocket] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      // sl, local address, remote address, state (0A: listening), queues, timer, retransmits, uid, timeout, inode
      let fields = line.split(separator: " ")
      guard fields.count > 9, fields[3] == "0A" else { return nil }
      let local = fields[1].split(separator: ":")
      guard local.count == 2, Int(local[1], radix: 16) == port, addresses.contains(local[0]),
        let userID = UInt32(fields[7]), let inode = UInt32(fields[9])
      else { return nil }
      let isOpen = local[0].allSatisfy { $0 == "0" }
      return ListeningSocket(inode: inode, userID: userID, isOpen: isOpen)
    }
  }
}
