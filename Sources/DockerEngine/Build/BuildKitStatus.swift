/// What BuildKit tells of a build, as far as it is shown: steps, their ends, their output.
///
/// Source: BuildKit's api/services/control/control.proto, `StatusResponse`.
struct BuildKitStatus: Sendable {
  struct Vertex: Sendable {
    var digest = ""
    var name = ""
    var isCached = false
    var hasStarted = false
    var hasCompleted = false
    var error = ""
  }

  struct Log: Sendable {
    var vertex = ""
    var bytes: [UInt8] = []
  }

  private(set) var vertexes: [Vertex] = []
  private(set) var logs: [Log] = []

  static let malformed = DockerError(
    .invalidResponse, "cannot build the image: what BuildKit tells of it is not as documented")

  init(_ message: [UInt8]) throws(DockerError) {
    var reader = ProtobufReader(message[...])
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): vertexes.append(try Self.vertex(bytes))
      case (3, .bytes(let bytes)): logs.append(try Self.log(bytes))
      default: break
      }
    }
  }

  private static func vertex(_ bytes: ArraySlice<UInt8>) throws(DockerError) -> Vertex {
    var reader = ProtobufReader(bytes)
    var vertex = Vertex()
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)): vertex.digest = String(decoding: text, as: UTF8.self)
      case (3, .bytes(let text)): vertex.name = String(decoding: text, as: UTF8.self)
      case (4, .number(let flag)): vertex.isCached = flag != 0
      case (5, .bytes): vertex.hasStarted = true
      case (6, .bytes): vertex.hasCompleted = true
      case (7, .bytes(let text)): vertex.error = String(decoding: text, as: UTF8.self)
      default: break
      }
    }
    return vertex
  }

  private static func log(_ bytes: ArraySlice<UInt8>) throws(DockerError) -> Log {
    var reader = ProtobufReader(bytes)
    var log = Log()
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)): log.vertex = String(decoding: text, as: UTF8.self)
      case (4, .bytes(let text)): log.bytes = Array(text)
      default: break
      }
    }
    return log
  }
}

/// Reads the fields of a protocol buffers message one by one.
///
/// Source: protobuf.dev, "Encoding".
struct ProtobufReader {
  enum Value {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func next() throws(DockerError) -> (number: UInt64, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let key = try number()
    let value: Value
    switch key & 7 {
    case 0: value = .number(try number())
    case 1: value = .bytes(try take(8))
    case 2: value = .bytes(try take(try number()))
    case 5: value = .bytes(try take(4))
    default: throw BuildKitStatus.malformed
    }
    return (key >> 3, value)
  }

  private mutating func number() throws(DockerError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw BuildKitStatus.malformed }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw BuildKitStatus.malformed
  }

  private mutating func take(_ count: UInt64) throws(DockerError) -> ArraySlice<UInt8> {
    guard count <= UInt64(rest.count) else { throw BuildKitStatus.malformed }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }
}
