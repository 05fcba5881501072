extension Manifest {
  /// Where a service says what it is built from, else its name.
  package func buildPlace(of service: Service) -> SourceLocation {
    places[.build(service: service.name)] ?? service.location
  }
}
