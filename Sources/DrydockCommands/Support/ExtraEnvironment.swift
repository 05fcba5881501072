import AppState
import ConvoxEnvironment
import Essentials

/// What the files of `--env-file` add to the app env, for one command.
struct ExtraEnvironment: Sendable {
  /// The values; later files win.
  private(set) var values: [String: String] = [:]
  /// What is to be said of each file.
  private var remarks: [(path: String, lines: [String])] = []

  /// Reads the files.
  /// - Throws: `DrydockError.usage`.
  init(_ paths: [String]) throws {
    for path in paths {
      let (environment, warnings) = try EnvironmentFile(path).read(as: .convox)
      values.merge(environment.values) { $1 }
      if !warnings.isEmpty { remarks.append((path, warnings)) }
    }
  }

  /// Says what is to be said of the files, once per change of that where there is an instance that can remember it.
  func tell(_ session: Session, _ instance: InstanceState?) {
    guard !session.console.isQuiet else { return }
    for remark in remarks where instance.map({ isNew(remark, $0, session) }) ?? true {
      remark.lines.forEach { session.console.warn("\(remark.path): \($0)") }
    }
  }

  /// Remembers what was said before there was an instance.
  func remember(_ session: Session, _ instance: InstanceState) {
    guard !session.console.isQuiet else { return }
    for remark in remarks { _ = isNew(remark, instance, session) }
  }

  private func isNew(_ remark: (path: String, lines: [String]), _ instance: InstanceState, _ session: Session)
    -> Bool
  {
    let folder = URL(filePath: session.context.currentDirectory, directoryHint: .isDirectory)
    let place = URL(filePath: remark.path, relativeTo: folder).standardizedFileURL.path
    return ToldOnce(home: session.context.home, id: instance.id).isNew(
      remark.lines, about: "env-file \(place)")
  }
}
