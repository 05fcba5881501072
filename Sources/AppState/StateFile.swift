package import DrydockBase
import Essentials
import LocalFiles

/// Decisions that a state file holds.
package protocol StateContent: Codable, Sendable {
  /// The newest format that this drydock writes, whose number stands in the file as `format`.
  static var currentFormat: Int { get }
  /// Whether its times count from 1970, and not from 2001 as those of the first state files do.
  static var countsFrom1970: Bool { get }
}

extension StateContent {
  package static var countsFrom1970: Bool { true }
}

/// A file of an instance's in which drydock keeps decisions: JSON, for the user alone, replaced as a whole. One that cannot
/// be understood is left as it is. Whoever changes it holds a lock, from reading it until it is written.
package struct StateFile<Content: StateContent>: Sendable {
  /// Where it lies.
  package let path: String
  private let remedy: String

  /// A file.
  /// - Parameter remedy: What to do about one that is damaged.
  package init(_ path: String, remedy: String) {
    self.path = path
    self.remedy = remedy
  }

  private struct Header: Decodable { var format: Int }

  /// What it holds; nil where there is none.
  /// - Throws: `DrydockError`: `.dataMismatch` for a file that cannot be understood.
  package func load() throws(DrydockError) -> Content? {
    switch read() {
    case .success(let content): return content
    case .failure(let unread): throw unread.error
    }
  }

  /// The same, with the kind of what is wrong.
  package func read() -> Result<Content?, StateFileError> {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      // Asked of the one attempt to read: the file may come to be at any moment.
      return .success(nil)
    } catch {
      return .failure(failure(.unreadable, "cannot be read", "make the file readable for you"))
    }
    let decoder = StateCoding.decoder(countingFrom1970: Content.countsFrom1970)
    do {
      let format = try decoder.decode(Header.self, from: data).format
      guard format <= Content.currentFormat else {
        return .failure(
          failure(.newer, "was written by a newer drydock (format \(format))", "update drydock"))
      }
      return .success(try decoder.decode(Content.self, from: data))
    } catch {
      return .failure(damaged("\(error)"))
    }
  }

  /// The error about one that holds what drydock never wrote.
  package func damaged(_ what: String) -> StateFileError { failure(.damaged, "is damaged: \(what)", remedy) }

  private func failure(
    _ reason: StateFileError.Reason, _ message: String, _ remedy: String
  ) -> StateFileError {
    StateFileError(
      reason: reason,
      error: DrydockError(
        reason == .unreadable ? .cannotWrite : .dataMismatch, "\(path) \(message)", suggestion: remedy))
  }

  /// Replaces it, unless it holds just that.
  /// - Throws: `DrydockError.cannotWrite`.
  package func save(_ content: Content) throws(DrydockError) {
    try StateCoding.write(content, to: path, countingFrom1970: Content.countsFrom1970)
  }
}

/// Why a state file cannot be used.
package struct StateFileError: Error, Sendable, Hashable {
  /// Why it cannot.
  package enum Reason: Sendable, Hashable {
    /// It is not what drydock wrote.
    case damaged
    /// A newer drydock wrote it.
    case newer
    /// The system does not let it be read.
    case unreadable
  }

  /// Why it cannot.
  package var reason: Reason
  /// The same for a person.
  package var error: DrydockError
}

/// How files that drydock keeps are written.
enum StateCoding {
  static func decoder(countingFrom1970: Bool = true) -> JSONDecoder {
    let decoder = JSONDecoder()
    if countingFrom1970 { decoder.dateDecodingStrategy = .secondsSince1970 }
    return decoder
  }

  /// Replaces a file, unless it holds just that.
  static func write(
    _ content: some Encodable, to path: String, countingFrom1970: Bool = true
  ) throws(DrydockError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    if countingFrom1970 { encoder.dateEncodingStrategy = .secondsSince1970 }
    do {
      try AtomicFile.write(Array(try encoder.encode(content)), to: path, mode: 0o600, onlyIfChanged: true)
    } catch {
      let reason = (error as? AtomicFileError)?.reason ?? "\(error)"
      throw DrydockError(.cannotWrite, "cannot write \(path): \(reason)", suggestion: WriteRemedy.elsewhere)
    }
  }
}
