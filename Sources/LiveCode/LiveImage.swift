/// The image from which a service's containers are made while its code is carried into them: one that has all of the tree.
package struct LiveImage: Sendable {
  private let service: String
  private let journal: CodeJournal
  private let build: @Sendable () async throws -> String

  /// The image of a service.
  /// - Parameter build: Builds it, as far as something has changed.
  package init(
    service: String, journal: CodeJournal, build: @escaping @Sendable () async throws -> String
  ) {
    self.service = service
    self.journal = journal
    self.build = build
  }

  /// The image, and the number up to which it has all changes.
  package func current() async throws -> (image: String, mark: Int) {
    if let known = journal.image(of: service) { return known }
    let image = try await build()
    return (image, journal.mark(of: service))
  }

  /// A container of it runs: what has changed since goes into it.
  package func started(_ container: String, mark: Int) { journal.started(container, of: service, mark: mark) }
}
