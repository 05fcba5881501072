package import NativeProcess

/// What is to be known of a supervisor that runs.
package struct SupervisorRecord: Sendable, Hashable, Codable {
  /// Whether it goes on when the terminal that started it is gone.
  package var isDetached: Bool
  /// Whether nobody can connect yet: images are built, hooks run.
  package var isPreparing: Bool?
  /// What the services must not outlive: in the background the supervisor's keeper, which starts another supervisor where
  /// one is killed, else the supervisor itself.
  package var leash: Leash?
  /// The services in its care, for the one that comes after it.
  package var services: [String]?
  /// How the hooks after the start went; nil as long as they have not ended.
  package var afterReady: HookResult?

  /// How hooks went.
  package struct HookResult: Sendable, Hashable, Codable {
    /// Why one failed; nil where none did.
    package var failure: String?
    /// Its last words.
    package var details: [String] = []
  }
}
