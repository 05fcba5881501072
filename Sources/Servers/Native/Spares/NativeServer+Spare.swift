import AppState
import Engines
import MonotonicTime
import NativeProcess

extension NativeServer {
  /// Fills a durable server's new data directory by what was made beforehand.
  /// - Returns: Whether it is done; if not, the folder is as empty as before.
  func fillBySpare(
    _ data: String, of template: DataTemplate, _ tools: EngineTools, _ progress: ProgressSink,
    _ deadline: Deadline
  ) async throws -> Bool {
    guard !launch.request.isThrowAway, let spares,
      try await spares.take(template.name, to: data, owner: tools.user, by: keeper, until: deadline)
    else { return false }
    progress("taking what was made beforehand")
    template.noteUse()
    template.noteDurable()
    return true
  }
}
