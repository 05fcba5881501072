/// What code is carried into: a service's containers.
package protocol CodeTarget: Sendable {
  /// Those of a service that run, each with the id of its image.
  func containers(of service: String) async throws -> [String: String]

  /// The users and groups that a container's image knows.
  func owners(in container: String) async throws -> CopyOwners

  /// Unpacks an archive at a container's root. One that does not run any more is fine.
  /// - Parameter next: Gives the archive's next bytes, nil at its end.
  func put(into container: String, _ next: @escaping @Sendable () async throws -> [UInt8]?) async throws

  /// Removes files, then folders as far as nothing else is in them. One that does not run any more is fine.
  /// - Returns: Whether that could be done: an image may have no program for it.
  func remove(files: [String], folders: [String], in container: String) async throws -> Bool
}
