package import AppState
import Containers
import DrydockBase

/// The runtimes of one instance, made when they are asked for.
package struct RuntimeAccess: Sendable {
  package let context: DrydockContext
  package let state: InstanceState

  /// - Parameter state: By which containers and folders are found; a later state needs another access.
  package init(context: DrydockContext, state: InstanceState) {
    self.context = context
    self.state = state
  }

  package func native() throws -> NativeRuntime {
    var runtime = try context.nativeRuntime(state.id)
    runtime.state = state
    return runtime
  }

  /// Connects to a Docker engine.
  package func docker() async throws -> ContainerRuntime {
    var runtime = ContainerRuntime(
      client: try await DockerAccess(environment: context.environment).connect(),
      names: ResourceNames(id: state.id, state: state), environment: context.environment,
      stateFolder: context.home.instance(state.id))
    runtime.authorityFile = LocalAuthority(home: context.home).certificateFile
    runtime.throwAway = context.throwAway
    runtime.cache = context.home.cache
    return runtime
  }

  package func runtime(_ kind: RuntimeKind) async throws -> any Runtime {
    switch kind {
    case .native: try native()
    case .docker: try await dockerOfData()
    }
  }

  /// The engine in which the data lies: without it there is no other choice than to start it.
  private func dockerOfData() async throws -> any Runtime {
    do {
      return try await docker()
    } catch var error as DrydockError where error.code == .unavailable {
      error.suggestion = error.suggestion?.replacing(
        ", or use the native runtime", with: ": the resources of \(state.handle) live there")
      throw error
    }
  }
}
