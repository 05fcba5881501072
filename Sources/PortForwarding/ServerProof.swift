package import NativeProcess
import PortListeners

/// Who has to listen at a destination before a client's bytes, passwords among them, are sent there.
package enum ExpectedServer: Sendable {
  /// Whoever does: a server elsewhere.
  case anybody
  /// The process of a keeper's files, which the kernel is asked about.
  case process(SupervisedFiles)
  /// A server whose port a proxy holds for it, such as a Docker engine's: says by which of its runs it has the port at
  /// this moment, and throws where it does not have it.
  case run(@Sendable () async throws -> String)
}

/// Keeps what a client sends from whoever took the port of a destination's server: asked before the connection is made,
/// and again before the first byte is sent. The same answer at both times means that the connection went to that server.
package struct ServerProof: Sendable {
  private enum Evidence: Sendable {
    case none
    case listener(ListenerProof)
    case run(String, again: @Sendable () async throws -> String)
  }

  private let evidence: Evidence

  /// Asks before a connection.
  /// - Throws: `ListenerError`, or what the server's expectation throws, unless our server listens.
  package init(_ destination: ForwardingDestination) async throws {
    switch destination.server {
    case .anybody: evidence = .none
    case .process(let files):
      evidence = .listener(try ListenerProof(ExpectedListener(port: destination.port, processOf: files)))
    case .run(let ask): evidence = .run(try await ask(), again: ask)
    }
  }

  /// Asks again once the connection is made.
  /// - Throws: As before, also if it may have been made to somebody else.
  package func confirm() async throws {
    switch evidence {
    case .none: return
    case .listener(let proof): try proof.confirm()
    case .run(let run, let ask):
      if try await ask() != run { throw ListenerError.listensAnew }
    }
  }
}
