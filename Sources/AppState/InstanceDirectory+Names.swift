import DrydockBase

extension InstanceDirectory {
  /// The app that a name means: the one of that handle, else of that app name the one in a folder, or the only one.
  ///
  /// An app's handle is another than its name where a worktree, or a resource created on its own, had it first.
  package func app(named name: String, in folder: AppFolder? = nil) -> InstanceState? {
    let survey = store.survey()
    let apps = survey.instances.filter { $0.created == nil }
    if let app = apps.first(where: { $0.handle == name }) { return app }
    let named = apps.filter { $0.app == name }
    return named.first { $0.path == folder?.path }
      ?? (named.count == 1 && survey.unread.isEmpty ? named[0] : nil)
  }

  /// What to say of an app that could not have its name as handle; nil where it could.
  package func otherHandle(_ state: InstanceState) -> String? {
    let wanted = Slug.make(state.app)
    guard state.handle != wanted else { return nil }
    let survey = store.survey()
    guard let holder = survey.instances.first(where: { $0.handle == wanted }) else {
      return survey.unread.first.map {
        "this app is called \(state.handle) on this machine: \(wanted) may be the one that cannot be read: \($0.file)"
      }
    }
    let reason =
      holder.created == nil ? "the app in \(holder.path)" : "a resource that was created on its own"
    return "this app is called \(state.handle) on this machine: \(wanted) is \(reason)"
  }
}
