/// What the `Connection` fields of a head say.
struct ConnectionOptions {
  var closes = false
  var keepsAlive = false
  var upgrades = false
  var takesTrailers = false
  /// The lines that are of this connection only, as one of these fields names them.
  var named: Set<Int> = []

  init(_ fields: FieldLines, _ raw: UnsafeRawBufferPointer) {
    for line in fields.all(.connection) {
      for option in raw[line.value].members {
        if option.isNamed("close") {
          closes = true
        } else if option.isNamed("keep-alive") {
          keepsAlive = true
        } else if option.isNamed("upgrade") {
          upgrades = true
        } else {
          name(option, fields, raw)
        }
      }
    }
    if let te = fields.first(.te) {
      takesTrailers = raw[te.value].members.contains { $0.isNamed("trailers") }
    }
  }

  /// Nobody can have taken away by it what tells the message's end, or where it goes.
  private mutating func name(
    _ option: Slice<UnsafeRawBufferPointer>, _ fields: FieldLines, _ raw: UnsafeRawBufferPointer
  ) {
    for (index, line) in fields.lines.enumerated() where line.field != .host && line.field != .contentLength {
      let isNamed =
        line.name.count == option.count
        && zip(raw[line.name], option).allSatisfy { lowered($0) == lowered($1) }
      if isNamed { named.insert(index) }
    }
  }

  private func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
