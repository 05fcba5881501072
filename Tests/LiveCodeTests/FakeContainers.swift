import Foundation
import Synchronization

@testable import LiveCode

/// What a container engine answers that does not do what it is asked.
private struct FakeFailure: Error {}

/// Containers in memory, which unpack archives as an engine does.
final class FakeContainers: CodeTarget {
  /// Something in a container.
  enum Entry: Hashable {
    case file([UInt8], mode: Int, owner: String)
    case folder(mode: Int)
    case link(String)
  }

  private struct State {
    var files: [String: [String: Entry]] = [:]
    var services: [String: String] = [:]
    var hasRemove = true
    var isBroken = false
    var calls = 0
  }

  private let state = Mutex(State())

  /// Starts a container of a service, with what its image has.
  func start(_ container: String, of service: String, with files: [String: Entry] = [:]) {
    state.withLock {
      $0.services[container] = service
      $0.files[container] = files
    }
  }

  /// Whether the image has an `rm`.
  var hasRemove: Bool {
    get { state.withLock(\.hasRemove) }
    set { state.withLock { $0.hasRemove = newValue } }
  }

  /// Whether every call fails.
  var isBroken: Bool {
    get { state.withLock(\.isBroken) }
    set { state.withLock { $0.isBroken = newValue } }
  }

  /// How many archives came.
  var archives: Int { state.withLock(\.calls) }

  /// What a container has below a folder.
  func tree(_ container: String, below folder: String) -> [String: Entry] {
    let all = state.withLock { $0.files[container] ?? [:] }
    let pairs = all.compactMap { path, entry in TreePath.inside(path, folder).map { ($0, entry) } }
    return Dictionary(uniqueKeysWithValues: pairs.filter { !$0.0.isEmpty })
  }

  func containers(of service: String) async throws -> [String: String] {
    state.withLock { state in
      Dictionary(
        uniqueKeysWithValues: state.services.filter { $0.value == service }.map { ($0.key, "image") })
    }
  }

  func owners(in container: String) async throws -> CopyOwners {
    CopyOwners(passwd: "root:x:0:0::/:\napp:x:7:8::/:\n", group: "app:x:9:\nstaff:x:50:a,b\n")
  }

  func put(into container: String, _ next: @escaping @Sendable () async throws -> [UInt8]?) async throws {
    if isBroken { throw FakeFailure() }
    var bytes: [UInt8] = []
    while let piece = try await next() { bytes += piece }
    let members = Self.members(bytes)
    state.withLock { state in
      state.calls += 1
      for (path, entry) in members { Self.put(entry, path, into: &state.files[container, default: [:]]) }
    }
  }

  func remove(files: [String], folders: [String], in container: String) async throws -> Bool {
    if isBroken { throw FakeFailure() }
    guard !files.isEmpty || !folders.isEmpty else { return true }
    return state.withLock { state in
      guard state.hasRemove else { return false }
      var tree = state.files[container] ?? [:]
      for path in files {
        if case .folder = tree[path] { return false }
        tree[path] = nil
      }
      for path in folders where !tree.keys.contains(where: { $0.hasPrefix(path + "/") }) { tree[path] = nil }
      state.files[container] = tree
      return true
    }
  }

  /// What is there gives way, unless both are folders.
  private static func put(_ entry: Entry, _ path: String, into tree: inout [String: Entry]) {
    if let old = tree[path] {
      if case (.folder, .folder) = (old, entry) {
      } else {
        for inner in tree.keys where inner.hasPrefix(path + "/") { tree[inner] = nil }
      }
    }
    var parent = TreePath.parent(path)
    while !parent.isEmpty, tree["/" + parent] == nil {
      tree["/" + parent] = .folder(mode: 0o755)
      parent = TreePath.parent(parent)
    }
    tree[path] = entry
  }

  private static func members(_ archive: [UInt8]) -> [(String, Entry)] {
    var members: [(String, Entry)] = []
    var place = 0
    while place + 512 <= archive.count, archive[place] != 0 {
      let block = archive[place..<place + 512]
      func text(_ offset: Int, _ length: Int) -> String {
        String(decoding: block.dropFirst(offset).prefix(length).prefix { $0 != 0 }, as: UTF8.self)
      }
      func number(_ offset: Int, _ length: Int) -> Int {
        Int(text(offset, length).trimmingCharacters(in: .whitespaces), radix: 8) ?? -1
      }
      let (size, mode) = (number(124, 12), number(100, 8))
      let path = "/" + text(0, 100).split(separator: "/").joined(separator: "/")
      place += 512
      switch text(156, 1) {
      case "5": members.append((path, .folder(mode: mode)))
      case "2": members.append((path, .link(text(157, 100))))
      default:
        let owner = "\(number(108, 8)):\(number(116, 8))"
        members.append((path, .file(Array(archive[place..<place + size]), mode: mode, owner: owner)))
      }
      place += (size + 511) / 512 * 512
    }
    return members
  }
}

/// What is in a folder of this machine, read apart from the code under test.
func tree(_ folder: URL) throws -> [String: FakeContainers.Entry] {
  var entries: [String: FakeContainers.Entry] = [:]
  for case let path as String in FileManager.default.enumerator(atPath: folder.path) ?? .init() {
    let place = folder.path + "/" + path
    var info = stat()
    guard lstat(place, &info) == 0 else { continue }
    let mode = Int(info.st_mode & 0o7777)
    switch info.st_mode & S_IFMT {
    case S_IFDIR: entries[path] = .folder(mode: mode)
    case S_IFLNK: entries[path] = .link(try FileManager.default.destinationOfSymbolicLink(atPath: place))
    default:
      let bytes = Array(try Data(contentsOf: URL(filePath: place)))
      entries[path] = .file(bytes, mode: mode, owner: "0:0")
    }
  }
  return entries
}
