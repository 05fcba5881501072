import DrydockBase
package import MonotonicTime

extension Keeper {
  /// Whether a service's ports can be mapped on this machine (`PortMap`). It is tried out, which takes moments.
  /// - Throws: `NativeProcessError` with `.keeperFailed`, `TimeoutError`, `CancellationError`.
  package func canMapPorts(until deadline: Deadline) async throws -> Bool {
    let tool = Tool(
      executable: executable, arguments: ["--can-map-ports"], environment: cleanEnvironment(inherited: [:]))
    do {
      _ = try await tool.run(until: deadline)
      return true
    } catch let error as NativeProcessError {
      // sysexits: EX_UNAVAILABLE.
      guard case .commandFailed(.code(69)) = error.code else { throw error }
      return false
    }
  }
}
