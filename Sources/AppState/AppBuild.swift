package import Essentials

/// A build, as a rack keeps them: what became of an app's source, and which release came of it.
package struct AppBuild: Sendable, Hashable, Codable {
  /// How far it is.
  package enum Status: String, Sendable, Hashable, Codable {
    /// It is about to run.
    case created
    /// It runs.
    case running
    /// It came to a release.
    case complete
    /// It came to nothing; `reason` says why.
    case failed

    /// Whether it is over.
    package var isFinal: Bool { self == .complete || self == .failed }
  }

  /// `B` and ten upper-case letters.
  package var id: String
  /// How far it is.
  package var status = Status.created
  /// What its maker says of it.
  package var description = ""
  /// The commit that it was made from; empty for none.
  package var gitSha = ""
  /// The manifest's name in the app's folder.
  package var manifestName = "convox.yml"
  /// The manifest's text; empty before it was read.
  package var manifest = ""
  /// The release that it came to; nil for none.
  package var release: String?
  /// Why it failed; nil where it did not.
  package var reason: String?
  /// When it was asked for, by the wall clock.
  package var started: Date
  /// When it was over.
  package var ended: Date?

  /// A build that is about to run, with an id of its own.
  package init(started: Date = Date()) {
    id = RackName.make("B")
    self.started = started
  }
}

/// Ids as racks give them.
enum RackName {
  /// A letter for the kind, and ten letters by chance.
  static func make(_ kind: String) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return kind + String((0..<10).compactMap { _ in letters.randomElement() })
  }

  /// Whether a text is such an id.
  static func isName(_ text: String, of kind: Character) -> Bool {
    text.utf8.count == 11 && text.first == kind
      && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
  }
}
