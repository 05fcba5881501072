import DockerEngine
import Foundation
import Synchronization

extension ContainerRuntime {
  func log(_ resource: String, lines: Int) async throws -> [String] {
    let name = names.container(resource)
    guard try await client.inspectContainer(name, until: soon) != nil else { return [] }
    let text = try await client.logTail(of: name, lines: lines, until: soon)
    return text.split(whereSeparator: \.isNewline).suffix(lines).map(String.init)
  }

  func follow(
    _ resource: String, lines: Int, each: @escaping @Sendable (String) async -> Void
  ) async throws {
    let rest = Mutex("")
    let options = DockerClient.LogOptions(tail: lines, follow: true)
    try await client.logs(of: names.container(resource), options, until: nil) { chunk in
      let complete = rest.withLock { rest -> [String] in
        rest += String(decoding: chunk.bytes, as: UTF8.self)
        var parts = rest.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        rest = parts.popLast() ?? ""
        return parts
      }
      for line in complete { await each(line) }
    }
  }
}
