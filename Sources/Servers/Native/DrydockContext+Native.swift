import AppState
import DrydockBase
import NativeProcess

extension DrydockContext {
  /// The native runtime of an instance.
  /// - Throws: `DrydockError.unavailable` when drydock's own helper is missing.
  package func nativeRuntime(_ id: String) throws -> NativeRuntime {
    do {
      let keeper = try Keeper.locate(environment: environment)
      var runtime = NativeRuntime(
        id: id, home: home, keeper: keeper, environment: environment, catalog: catalog)
      runtime.leash = throwAway?.folderGuard.leash
      return runtime
    } catch {
      throw DrydockError(.unavailable, error.message, suggestion: error.suggestion)
    }
  }
}
