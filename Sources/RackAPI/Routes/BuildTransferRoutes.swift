import AppState
import ByteStreams
import DrydockBase
import Essentials
import LocalServer
import NIOCore
import NIOHTTP1

/// `convox builds export` and `import`: a build with its source, from one app to another.
extension Rack {
  private static var recordName: String { "build.json" }
  private static var sourceName: String { "source.tgz" }

  /// An archive with the build's record and its source.
  func exportBuild(_ id: String, of state: InstanceState) throws -> Reply {
    let build = try build(id, of: state)
    let source = buildStore(state).source(of: build.id)
    guard build.status == .complete, Folder.exists(source) else {
      throw HTTPFailure(
        .badRequest,
        isOwn(state)
          ? "build \(id) has no source that could be exported"
          : "\(state.handle) is built where it lies, in \(state.path): there is nothing to export")
    }
    let record = try JSONEncoder().encode(BuildRecord(build))
    return .stream { reply in
      let descriptor = open(source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { throw Folder.failure("read", source) }
      defer { close(descriptor) }
      let (sink, finish) = try Gzip.compressing { try await reply.write(ByteBuffer(bytes: $0)) }
      try await sink(TarWriter.member(Self.recordName, size: record.count) + record)
      try await sink(TarWriter.padding(record.count))
      let size = Int(lseek(descriptor, 0, SEEK_END))
      lseek(descriptor, 0, SEEK_SET)
      try await sink(TarWriter.member(Self.sourceName, size: size))
      let content = DescriptorStreams.source(descriptor)
      while let bytes = try await content() { try await sink(bytes) }
      try await sink(TarWriter.padding(size) + TarWriter.end)
      try await finish()
    }
  }

  /// Takes such an archive in, builds it, and answers when that is through.
  @concurrent
  func importBuild(_ state: InstanceState, _ body: inout RequestBody) async throws -> Reply {
    guard isOwn(state) else {
      throw HTTPFailure(
        .badRequest,
        "\(state.handle) is built where it lies, in \(state.path): no build can be imported into it"
      )
    }
    let key = try await objects(state).store("", &body)
    guard let path = try objects(state).file(key) else { throw HTTPFailure.noSuch("object", key) }
    defer { unlink(path) }
    var build = AppBuild()
    build.status = .running
    let store = buildStore(state)
    try await store.save(build)
    do {
      build = try await unpack(path, as: build, to: store.source(of: build.id))
    } catch {
      // What went wrong with it is the answer.
      try? await Folder.removeTree(store.folder(of: build.id))
      throw error
    }
    let result = await (try begin(build, of: state)).run()
    guard result.status == .complete else {
      throw HTTPFailure(.badRequest, result.reason ?? "build failed")
    }
    return try .json(BuildJSON(result, app: state.handle))
  }

  private func unpack(_ path: String, as build: AppBuild, to source: String) async throws
    -> AppBuild
  {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw Folder.failure("read", path) }
    defer { close(descriptor) }
    var reader = TarReader(
      try Gzip.expanding(DescriptorStreams.source(descriptor)), limit: ObjectStore.limit + 16 << 20)
    var build = build
    var hasSource = false
    while let member = try await reader.next() {
      switch String(decoding: member.path, as: UTF8.self) {
      case Self.recordName: build = try BuildRecord(try await Self.bytes(&reader)).described(build)
      case Self.sourceName:
        try await Self.copy(&reader, to: source)
        hasSource = true
      default: break
      }
    }
    guard hasSource else {
      throw HTTPFailure(
        .badRequest,
        "there is no source in it: only what was exported from an app of this rack can be imported")
    }
    return build
  }

  private static func bytes(_ reader: inout TarReader) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try await reader.content() {
      bytes += piece
      guard bytes.count <= 4 << 20 else {
        throw HTTPFailure(.badRequest, "its build.json is too long")
      }
    }
    return bytes
  }

  private static func copy(_ reader: inout TarReader, to path: String) async throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Folder.failure("write", path) }
    defer { close(descriptor) }
    let sink = DescriptorStreams.sink(descriptor, file: path)
    var count = 0
    while let piece = try await reader.content() {
      count += piece.count
      guard count <= ObjectStore.limit else {
        throw HTTPFailure(.payloadTooLarge, "its source is too long")
      }
      try await sink(piece)
    }
  }
}

/// What an export says of a build besides its source.
private struct BuildRecord: Codable {
  var id: String
  var description: String
  var gitSha: String
  var manifestName: String

  enum CodingKeys: String, CodingKey {
    case id, description
    case gitSha = "git-sha"
    case manifestName = "manifest-name"
  }

  init(_ build: AppBuild) {
    id = build.id
    description = build.description
    gitSha = build.gitSha
    manifestName = build.manifestName
  }

  init(_ bytes: [UInt8]) throws {
    guard let record = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
      throw HTTPFailure(.badRequest, "its build.json is none of this rack's")
    }
    self = record
  }

  /// A build with what is said of it here.
  func described(_ build: AppBuild) throws -> AppBuild {
    var build = build
    build.description = description
    build.gitSha = gitSha
    build.manifestName = try Rack.manifestName(manifestName)
    return build
  }
}
