import ConvoxEnvironment
import DrydockBase
import Essentials
import LocalFiles

/// Reads and writes the releases of the instances on this machine: `releases.json` beside each one's state, since
/// its values are as secret as the app env.
package struct ReleaseStore: Sendable {
  package let home: StateHome

  private func path(_ id: String) -> String { "\(home.instance(id))/releases.json" }

  /// The history of an instance; an empty one where nothing is kept yet.
  /// - Throws: `DrydockError.dataMismatch` for a file that cannot be understood: it is left as it is.
  package func load(_ id: String) throws -> ReleaseHistory {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path(id)))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      return ReleaseHistory()
    } catch {
      throw DrydockError(.cannotWrite, "cannot read \(path(id))", suggestion: "make it readable for you")
    }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    guard let history = try? decoder.decode(ReleaseHistory.self, from: data),
      history.format <= ReleaseHistory.currentFormat
    else {
      throw DrydockError(
        .dataMismatch, "\(path(id)) is damaged, or was written by a newer drydock",
        suggestion: "restore the file, or move it away: the app env itself is kept in state.json")
    }
    return history
  }

  /// Writes a history, readable for the user alone.
  package func save(_ history: ReleaseHistory, of id: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .secondsSince1970
    do {
      try AtomicFile.write(Array(try encoder.encode(history)), to: path(id), mode: 0o600, onlyIfChanged: true)
    } catch {
      throw DrydockError(
        .cannotWrite, "cannot write \(path(id)): \(error)", suggestion: WriteRemedy.elsewhere)
    }
  }
}
