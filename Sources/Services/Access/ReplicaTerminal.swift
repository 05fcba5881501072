package import AppState
package import ByteStreams
import Containers
import DockerEngine
package import DrydockBase
import MonotonicTime
import NativeProcess

/// The terminal of a replica that runs.
package struct ReplicaTerminal: Sendable {
  /// Why somebody is at it no more.
  package enum Ending: Sendable, Hashable {
    /// The replica ended.
    case ended
    /// The keys for it were typed, or there is no more input.
    case left
  }

  private enum Place: Sendable {
    case process(TerminalAttachment)
    case container(DockerClient, String)
  }

  private let place: Place

  /// Finds the terminal.
  /// - Throws: `DrydockError` saying what to do where the replica has none.
  package init(of access: ReplicaAccess, _ folder: ServiceFolder, _ context: DrydockContext) async throws {
    guard access.place.hasTerminal else {
      let service = access.replica.service
      throw DrydockError(
        .failed, "\(service) has no terminal",
        suggestion: "give it one: tty: [\(service)] in drydock.yml, or drydock start --tty \(service); "
          + "what it writes: drydock logs -f \(service)")
    }
    switch access.place {
    case .process: place = .process(try TerminalAttachment(to: folder.files(access.replica)))
    case .container(let container, _):
      place = .container(try await DockerAccess(environment: context.environment).connect(), container)
    }
  }

  /// Shows what appears on it, and types, until it is left or the replica ends.
  /// - Parameters:
  ///   - sizes: The sizes of the screen in front of it, as they change.
  ///   - input: What is typed, in which Ctrl-P Ctrl-Q leaves it.
  ///   - output: Takes what appears.
  package func run(
    sizes: AsyncStream<TerminalSize>, input: @escaping ByteSource, output: @escaping ByteSink
  ) async throws -> Ending {
    let typed = DetachableInput(input)
    return try await withThrowingTaskGroup(of: Ending?.self) { group in
      defer { group.cancelAll() }
      switch place {
      case .process(let attachment):
        // Before anything is typed: what answers to that may ask for the size.
        for await size in sizes {
          _ = try await attachment.resize(to: size)
          break
        }
        group.addTask {
          for await size in sizes { guard try await attachment.resize(to: size) else { break } }
          return nil
        }
        group.addTask {
          while let bytes = try await typed.next() {
            guard try await attachment.write(bytes) else { return nil }
          }
          return .left
        }
        group.addTask {
          while let bytes = try await attachment.read() { try await output(bytes) }
          return .ended
        }
      case .container(let client, let container):
        let left = Latch()
        group.addTask {
          await left.wait()
          try Task.checkCancellation()
          return .left
        }
        group.addTask {
          try await client.attach(
            to: container, patience: InstanceContainers.callLimit, sizes: sizes,
            input: { stream in
              while let bytes = try await typed.next() { try await stream.write(bytes) }
              left.come()
            }, each: output)
          return .ended
        }
      }
      while let ending = try await group.next() {
        if let ending { return ending }
      }
      throw CancellationError()
    }
  }
}
