extension DeployCheck {
  /// A rack keeps the app env as lines: of a value with several, all but the first are lost, or become variables.
  mutating func checkLines(of appEnvironment: [String: String]) {
    let start = SourceLocation(file: manifest.file, line: 1, column: 1)
    for name in appEnvironment.keys.sorted() {
      guard let value = appEnvironment[name], value.utf8.contains(UInt8(ascii: "\n")) else { continue }
      let service = manifest.services.first { $0.environment.contains { $0.names(name) } }
      warn(
        "the app env's \(name) has more than one line: a rack reads the app env line by line, and would cut it",
        at: service.map { manifest.declaration(of: name, in: $0) } ?? start,
        "encode it, as base64 does, and decode it in the app")
    }
  }
}

extension EnvironmentDeclaration {
  fileprivate func names(_ variable: String) -> Bool {
    switch self {
    case .required(let name), .defaulted(let name, _): name == variable
    case .everything: false
    }
  }
}
