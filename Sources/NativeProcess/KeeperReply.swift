import DrydockBase
import Essentials
import SystemPackage

/// The keeper's one line: a record of the start, or the stage that failed and its `errno`.
struct KeeperReply {
  private struct Failure: Decodable {
    let error: String
    let errno: Int32
  }

  private let record: SupervisedRecord?
  private let failure: Failure?

  init(_ bytes: [UInt8]) {
    record = try? JSONDecoder().decode(SupervisedRecord.self, from: Data(bytes))
    failure = try? JSONDecoder().decode(Failure.self, from: Data(bytes))
  }

  /// The process that was started, or the failure as an error that names its object.
  func process(of spec: SupervisedSpec, keeper: String) throws(NativeProcessError) -> SupervisedProcess {
    if let record { return record.running }
    guard let failure else {
      throw NativeProcessError(
        .keeperFailed, "\(keeper) did not answer as expected",
        suggestion: "install drydock and its keeper anew")
    }
    throw Self.error(failure.error, Errno(rawValue: failure.errno), spec)
  }

  private static func error(_ stage: String, _ errno: Errno, _ spec: SupervisedSpec) -> NativeProcessError {
    let files = spec.files
    if let remedy = Shortage.remedy(errno.rawValue, ofProcess: stage == "fork") {
      return NativeProcessError(
        .shortage(errno.rawValue), "cannot start \(spec.executable): \(errno)", suggestion: remedy)
    }
    switch stage {
    case "lock-held":
      return NativeProcessError(.alreadyRunning, "\(files.kind.inSentence) runs already in \(files.folder)")
    case "lock-unsupported": return .noLocks(files.lockFile)
    case "lock-open": return .file(files.lockFile, "open", errno)
    case "log": return .file(files.logFile, "open", errno)
    case "record": return .file(files.statusFile, "write", errno)
    case "folder": return .file(spec.workingDirectory, "enter", errno)
    case "user":
      let user = spec.user.map { $0.name ?? "\($0.userID)" } ?? "itself"
      return NativeProcessError(
        .cannotChangeUser(errno.rawValue), "cannot run \(spec.executable) as \(user): \(errno)")
    case "exec":
      return NativeProcessError(
        .cannotExecute(errno.rawValue), "cannot execute \(spec.executable): \(errno)")
    case "ports": return .portsUnmappable("\(errno)", errno.rawValue)
    case "fork":
      return NativeProcessError(
        .cannotFork(errno.rawValue), "cannot start a process for \(spec.executable): \(errno)")
    default:
      return NativeProcessError(.keeperFailed, "the keeper refused \(spec.executable) (\(stage): \(errno))")
    }
  }
}
