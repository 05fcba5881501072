/// Why a call to the Docker Engine failed.
///
/// Compare by ``code``; ``message`` and ``suggestion`` are for people. A cancelled call throws
/// `CancellationError` instead.
package struct DockerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure that a caller may want to tell apart.
  package enum Code: Sendable, Hashable {
    /// The named object does not exist.
    case notFound(ObjectKind)
    /// The engine refuses in the object's present state: a name in use, a volume in use.
    case conflict
    /// The container is paused.
    case paused
    /// The engine has no more addresses for another network.
    case noFreeAddresses
    /// A host port of the container is taken; the port where the engine named it.
    case portTaken(port: Int?)
    /// The image is neither on this machine nor, when pulled, in its registry.
    case noSuchImage
    /// The registry wants a login, or hides the image from strangers.
    case accessDenied
    /// The registry refuses for now because too much was pulled.
    case rateLimited
    /// The image has no variant for the wanted platform.
    case noMatchingPlatform
    /// The image is stored in a manifest format that this engine no longer reads.
    case unsupportedImageFormat
    /// A step of a build failed, or the Dockerfile is at fault; the exit status of the step's command.
    case buildFailed(exit: Int?)
    /// The engine cannot reach the registry (offline, no name resolution, a firewall).
    case registryUnreachable
    /// No engine can be used through this endpoint.
    case engineUnavailable(Unavailability)
    /// The engine refused for a reason of its own; its HTTP status.
    case server(status: Int)
    /// The answer is not what the API documents.
    case invalidResponse
    /// The connection ended before the answer was complete.
    case connectionLost
    /// The answer, or one line of a stream, is larger than the bound, in bytes.
    case bodyTooLarge(limit: Int)
    /// The deadline passed.
    case timedOut
    /// This machine or process is out of descriptors; the number is `errno`.
    case shortage(Int32)
    /// An argument that no engine would take; nothing was sent.
    case invalidArgument
  }

  /// Why an endpoint cannot be used.
  package enum Unavailability: Sendable, Hashable {
    /// There is neither a socket nor a sign of an installed engine.
    case notInstalled
    /// The engine is installed, but nothing listens on its socket.
    case notRunning
    /// The socket belongs to others.
    case noPermission
    /// The socket accepts, but nobody answers.
    case notAnswering
    /// The engine runs on another machine.
    case remote
    /// The newest API version of the engine is below ours.
    case tooOld
    /// The oldest API version of the engine is above ours.
    case tooNew
    /// The address, the context or what answers there is no Docker Engine that can be used.
    case invalid
  }

  /// The kinds of object that the engine keeps.
  package enum ObjectKind: String, Sendable, Hashable {
    case container
    case image
    /// A named volume.
    case volume
    case network
    /// A command run inside a container.
    case exec
  }

  /// What kind of failure this is.
  package let code: Code
  /// What failed and why, naming the object.
  package let message: String
  /// What to do about it, where that is known.
  package let suggestion: String?

  /// An error with its parts.
  package init(_ code: Code, _ message: String, suggestion: String? = nil) {
    self.code = code
    self.message = message
    self.suggestion = suggestion
  }

  /// The message a user reads; the suggestion is printed apart.
  package var description: String { message }
}
