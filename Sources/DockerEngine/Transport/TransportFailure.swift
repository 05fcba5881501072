import Essentials
import MonotonicTime
import NIOCore
import NIOHTTP1
import NIOPosix

/// Turns what the transport throws into this library's error.
enum TransportFailure {
  static func translate(_ error: any Error, _ request: EngineRequest, _ socketPath: String) -> any Error {
    switch error {
    case is DockerError, is CancellationError: error
    case is TimeoutError: TimeLimit.late(request.action)
    case let error as IOError: fromSystem(error, request, socketPath)
    case is SocketAddressError:
      DockerError(
        .engineUnavailable(.invalid), "the socket path \(socketPath) is longer than a socket address can hold"
      )
    case is HTTPParserError:
      (error as? HTTPParserError) == .invalidEOFState
        ? lost(request) : DockerError(.invalidResponse, "cannot \(request.action): the answer is not HTTP")
    case let error as ChannelError:
      if case .connectTimeout = error { TimeLimit.late(request.action) } else { lost(request) }
    case is NIOAsyncWriterError: lost(request)
    default: error
    }
  }

  private static func lost(_ request: EngineRequest) -> DockerError {
    DockerError(.connectionLost, "cannot \(request.action): the connection to the Docker engine was lost")
  }

  private static func fromSystem(_ error: IOError, _ request: EngineRequest, _ socketPath: String)
    -> DockerError
  {
    switch error.errnoCode {
    case ENOENT, ENOTDIR:
      DockerError(
        .engineUnavailable(.notRunning), "there is no Docker socket at \(socketPath)",
        suggestion: "start the Docker engine")
    case ECONNREFUSED:
      DockerError(
        .engineUnavailable(.notRunning), "nothing listens on the Docker socket \(socketPath)",
        suggestion: "start the Docker engine")
    case EACCES, EPERM:
      DockerError(
        .engineUnavailable(.noPermission), "no permission to use the Docker socket \(socketPath)",
        suggestion: "add your user to the group that owns the socket (often docker) and log in again")
    case EMFILE, ENFILE:
      DockerError(
        .shortage(error.errnoCode),
        "cannot \(request.action): \(String(cString: strerror(error.errnoCode)))",
        suggestion: "raise the limit: ulimit -n 4096")
    default: lost(request)
    }
  }
}
