/// The image from which a service's containers are made while its code is carried into them: one that has all of the tree.
struct LiveImage: Sendable {
  let service: String
  let journal: CodeJournal
  /// Builds it, as far as something has changed.
  let build: @Sendable () async throws -> String

  /// The image, and the number up to which it has all changes.
  func current() async throws -> (image: String, mark: Int) {
    if let known = journal.image(of: service) { return known }
    let image = try await build()
    return (image, journal.mark(of: service))
  }

  /// A container of it runs: what has changed since goes into it.
  func started(_ container: String, mark: Int) { journal.started(container, of: service, mark: mark) }
}
