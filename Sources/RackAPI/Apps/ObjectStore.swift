import AppState
import ByteStreams
import DrydockBase
import Essentials
import LocalServer
import NIOCore
import NIOHTTP1

/// What the tool uploads for builds: files beside an instance's state, for the user alone, until a build takes them.
struct ObjectStore: Sendable {
  /// The most bytes of one upload.
  static let limit = 2 << 30
  /// The most uploads that lie about; the oldest goes for a new one.
  static let count = 8

  /// How the name of an upload begins that is not complete.
  private static let part = ".part-"

  private let folder: String

  init(home: StateHome, id: String) { folder = "\(home.instance(id))/objects" }

  /// Takes an upload to disk as it comes. One that breaks off or is too long leaves nothing.
  /// - Parameter key: Its name; one is made up where it is empty.
  /// - Returns: The key.
  @concurrent
  func store(_ key: String, _ body: inout RequestBody, limit: Int = limit) async throws -> String {
    let key = key.isEmpty ? "tmp/\(InstanceDirectory.random(30))" : key
    let path = try path(of: key)
    try Folder.make(folder, mode: 0o700)
    prune()
    let part = "\(folder)/\(Self.part)\(InstanceDirectory.random(12))"
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Folder.failure("write", part) }
    defer {
      close(descriptor)
      unlink(part)
    }
    let sink = DescriptorStreams.sink(descriptor, file: part)
    var count = 0
    while let bytes = try await body.next() {
      count += bytes.readableBytes
      guard count <= limit else {
        throw HTTPFailure(
          .payloadTooLarge, "the upload is longer than \(limit >> 20) MB: name more in .dockerignore")
      }
      try await sink(Array(buffer: bytes))
    }
    guard rename(part, path) == 0 else { throw Folder.failure("write", path) }
    return key
  }

  /// The file of an upload; nil for one that there is not.
  func file(_ key: String) throws -> String? {
    let path = try path(of: key)
    return Folder.exists(path) ? path : nil
  }

  /// A key as the name of one file: whatever is no letter, digit, dash or later dot is written as its number.
  private func path(of key: String) throws -> String {
    let name = key.utf8.enumerated().map { index, byte in
      let isPlain =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: ".") && index > 0
      return isPlain ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16)
    }.joined()
    guard !name.isEmpty, name.utf8.count <= 200 else {
      throw HTTPFailure(.badRequest, "an object's key has 1 to 200 characters")
    }
    return "\(folder)/\(name)"
  }

  /// Removes uploads that a rack took which has ended.
  func removeParts() {
    for name in FileManager.default.readableNames(in: folder)
    where name.beginsExactly(with: Self.part) { unlink("\(folder)/\(name)") }
  }

  /// Removes what no build has taken: what is older than an hour, and the oldest of too many.
  private func prune() {
    let names = FileManager.default.readableNames(in: folder)
    let files = names.map { "\(folder)/\($0)" }.map { ($0, Self.age(of: $0)) }.sorted { $0.1 < $1.1 }
    for (index, file) in files.enumerated() where file.1 > 3600 || index >= Self.count - 1 { unlink(file.0) }
  }

  /// How long nothing has been written to a file, in seconds.
  private static func age(of path: String) -> TimeInterval {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return -((attributes?[.modificationDate] as? Date)?.timeIntervalSinceNow ?? 0)
  }
}
