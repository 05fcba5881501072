import ConvoxManifest

extension SettledSpecs {
  /// Holds replicas against their sources by the options in force. What the manifest alone says was checked when
  /// it was loaded; deployed values that stay may still contradict it.
  package mutating func checkReplicas() {
    let named = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    for replica in specs where replica.externalURL == nil {
      guard let source = replica.source.flatMap({ named[$0] }), source.externalURL == nil,
        let declaration = replica.declaration
      else { continue }
      settlements[replica.name]?.check(declaration, replica, against: source)
    }
  }
}

extension OptionSettlement {
  fileprivate mutating func check(_ resource: Resource, _ replica: ResourceSpec, against source: ResourceSpec)
  {
    func number(_ spec: ResourceSpec) -> Int { spec.options["storage"].flatMap { Int($0) } ?? 0 }
    if replica.version != source.version {
      contradict(
        resource, "version",
        "its version \(replica.version) differs from \(source.version) of \(source.name)",
        "set both to the same version")
    }
    if number(replica) < number(source) {
      contradictUnlessAccepted(
        resource, "storage", "\(number(replica))",
        "its storage \(number(replica)) is less than \(number(source)) of \(source.name)",
        "set storage: \(number(source))")
    }
    if replica.options["encrypted"] == "true", source.options["encrypted"] != "true" {
      contradictUnlessAccepted(
        resource, "encrypted", "true", "it cannot be encrypted while \(source.name) is not",
        "encrypt \(source.name) too, or neither")
    }
  }

  /// Of these options AWS alone makes more than a number.
  private mutating func contradictUnlessAccepted(
    _ resource: Resource, _ option: String, _ value: String, _ message: String, _ suggestion: String
  ) {
    guard accepts || accepted[option] != nil else {
      return contradict(resource, option, message, "\(suggestion), \(wayOn(resource))")
    }
    note(option, onAWS: accepted[option] ?? value, message + ", which is refused", resource)
  }

  private mutating func contradict(
    _ resource: Resource, _ option: String, _ message: String, _ suggestion: String
  ) {
    contradictsDeployment = true
    add(.error, resource, option, "\(message), as deployed", suggestion)
  }
}
