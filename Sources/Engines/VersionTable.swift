/// Which image runs which version of an engine.
package struct VersionTable: Sendable, Hashable {
  /// The official image's repository.
  package var repository: String
  /// The variable in which the official images state their version.
  package var imageVariable: String
  /// The version that racks of today deploy when none is named.
  package var defaultVersion: String
  /// How many numbers make a series, inside which data is compatible (`15`; `10.11`).
  package var seriesLength: Int
  /// Below this first number, a series has one number more (PostgreSQL's 9.6); nil where it never had.
  package var longerSeriesBelow: Int?
  /// Versions whose official tag cannot be had, by their beginning, with the nearest tag that can and why.
  package var substitutes: [Substitute]
  /// Versions without an image for arm64, by their beginning.
  package var withoutARM64: [String]

  /// A version that another tag has to stand for.
  package struct Substitute: Sendable, Hashable {
    /// The beginning of the versions concerned.
    package var prefix: String
    /// The tag used instead.
    package var tag: String
    /// Why.
    package var reason: String

    /// A substitute tag with its reason.
    package init(_ prefix: String, tag: String, because reason: String) {
      self.prefix = prefix
      self.tag = tag
      self.reason = reason
    }
  }

  /// A table of versions.
  package init(
    repository: String, imageVariable: String, default defaultVersion: String, seriesLength: Int,
    longerSeriesBelow: Int? = nil, substitutes: [Substitute] = [], withoutARM64: [String] = []
  ) {
    self.repository = repository
    self.imageVariable = imageVariable
    self.defaultVersion = defaultVersion
    self.seriesLength = seriesLength
    self.longerSeriesBelow = longerSeriesBelow
    self.substitutes = substitutes
    self.withoutARM64 = withoutARM64
  }

  /// An official image, and a note where it is not the wanted version's own.
  package typealias OfficialImage = (reference: String, note: String?)

  /// The official tag for a version, and a note where it is not that version's own.
  package func officialImage(for version: String) -> OfficialImage {
    if let substitute = substitute(for: version) {
      return ("\(repository):\(substitute.tag)", substitute.reason)
    }
    guard let numbers = AWSVersion.numbers(of: version) else { return ("\(repository):\(version)", nil) }
    return ("\(repository):\(numbers)", "\(version) is a version of AWS alone; \(numbers) is nearest")
  }

  /// What else of a version's series may be had where the registry does not have its tag: the nearest first.
  package func otherImages(for version: String) -> [OfficialImage] {
    let numbers = AWSVersion.numbers(of: version) ?? version
    guard substitute(for: version) == nil, let wanted = ServerVersion(in: numbers),
      wanted.description == numbers, wanted.parts.count > seriesLength(of: wanted)
    else { return [] }
    return (seriesLength(of: wanted)..<wanted.parts.count).reversed().map { count in
      let tag = wanted.prefix(count).map(String.init).joined(separator: ".")
      return ("\(repository):\(tag)", "there is no image \(repository):\(numbers); \(tag) is nearest")
    }
  }

  private func substitute(for version: String) -> Substitute? {
    let numbers = AWSVersion.numbers(of: version) ?? version
    return substitutes.first { numbers == $0.prefix || numbers.hasPrefix($0.prefix + ".") }
  }

  /// Whether the official image of a version exists for arm64.
  package func hasARM64(_ version: String) -> Bool {
    !withoutARM64.contains { version == $0 || version.hasPrefix($0 + ".") }
  }

  /// The series of a version: the numbers inside which data is compatible.
  package func series(of version: ServerVersion) -> String {
    version.prefix(seriesLength(of: version)).map(String.init).joined(separator: ".")
  }

  private func seriesLength(of version: ServerVersion) -> Int {
    let isLonger = longerSeriesBelow.map { version.major < $0 } ?? false
    return isLonger ? seriesLength + 1 : seriesLength
  }
}
