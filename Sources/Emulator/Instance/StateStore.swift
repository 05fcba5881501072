import ConvoxEnvironment
import Foundation

/// Reads and writes what drydock remembers of the instances on this machine.
public struct StateStore: Sendable {
  /// The folders it works in.
  public let home: StateHome

  /// A store in these folders.
  public init(home: StateHome) {
    self.home = home
  }

  /// The state of an instance; nil when there is none.
  /// - Throws: `EmulatorError.dataMismatch` for a file that cannot be understood: it is left as it is.
  public func load(_ id: String) throws -> InstanceState? {
    let path = "\(home.instance(id))/state.json"
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch CocoaError.fileReadNoSuchFile {
      // Asked of the one attempt to read: the file may come to be at any moment.
      return nil
    } catch {
      throw EmulatorError(.cannotWrite, "cannot read \(path)", suggestion: "make the file readable for you")
    }
    return try decode(data, path)
  }

  private func decode(_ data: Data, _ path: String) throws -> InstanceState {
    struct Header: Decodable { var format: Int }
    let decoder = JSONDecoder()
    do {
      let format = try decoder.decode(Header.self, from: data).format
      guard format <= InstanceState.currentFormat else {
        throw EmulatorError(
          .dataMismatch, "\(path) was written by a newer drydock (format \(format))",
          suggestion: "update drydock")
      }
      return try decoder.decode(InstanceState.self, from: data)
    } catch let error as EmulatorError {
      throw error
    } catch {
      throw EmulatorError(
        .dataMismatch, "\(path) is damaged: \(error)",
        suggestion: "restore the file, or move it away to start afresh; the data itself is untouched")
    }
  }

  /// Writes the state, readable for the user alone.
  /// - Throws: `EmulatorError.cannotWrite` naming the folder.
  public func save(_ state: InstanceState) throws {
    let folder = home.instance(state.id)
    try Folder.make(folder, mode: 0o700)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let path = "\(folder)/state.json"
    do {
      let data = try encoder.encode(state)
      try AtomicFile.write(Array(data), to: path, mode: 0o600, onlyIfChanged: true)
    } catch {
      let reason = (error as? AtomicFileError)?.reason ?? "\(error)"
      throw EmulatorError(
        .cannotWrite, "cannot write the state \(path): \(reason)", suggestion: Self.elsewhere)
    }
  }

  /// What to do about a file or folder that could not be written.
  static func elsewhere(after error: Int32) -> String {
    [EACCES, EPERM, EROFS].contains(error)
      ? "name a folder that is yours to write, on a local disk, by DRYDOCK_HOME" : elsewhere
  }

  static let elsewhere = "free some space, or name a folder on another local disk by DRYDOCK_HOME"

  /// Every instance on this machine, by handle. Damaged ones are passed over.
  public func all() -> [InstanceState] {
    let ids = (try? FileManager.default.contentsOfDirectory(atPath: "\(home.root)/instances")) ?? []
    return ids.compactMap { try? load($0) }.sorted { $0.handle < $1.handle }
  }

  /// Forgets an instance.
  public func delete(_ id: String) throws {
    try Folder.remove(home.instance(id))
  }
}
