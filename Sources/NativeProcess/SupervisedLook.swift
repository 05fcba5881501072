import LocalFiles
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One look at the keeper's folder of a program.
///
/// What stands in it is worth as much as whoever owns it: in a folder that is not root's own, root takes only processes of
/// its owner for the program's, so that nobody gets root to end what is not theirs.
struct SupervisedLook {
  /// Whether a keeper or a program holds the lock.
  let isHeld: Bool
  let record: SupervisedRecord?
  /// As whom the program runs; nil where that cannot be told.
  private let user: uid_t?
  private let files: SupervisedFiles

  /// Looks; nil where there is no such folder.
  init?(_ files: SupervisedFiles) throws(NativeProcessError) {
    guard let folder = try Self.open(files) else { return nil }
    // The record is read after the lock was seen: a keeper writes it before it lets go.
    isHeld = try Self.isHeld(folder, files)
    record = SupervisedRecord.read(in: folder)
    user = Self.user(folder, files, record)
    self.files = files
  }

  private static func open(_ files: SupervisedFiles) throws(NativeProcessError) -> DirectoryDescriptor? {
    do throws(DirectoryError) {
      // What root looks at may lie in a folder of somebody else's, who could have put a link there.
      return try DirectoryDescriptor(files.folder, followingLink: geteuid() != 0)
    } catch {
      switch error.errno {
      case ENOENT: return nil
      case ENOTDIR, ELOOP: throw .exchanged(files.folder)
      default: throw .file(files.folder, "open", error)
      }
    }
  }

  private static func isHeld(
    _ folder: DirectoryDescriptor, _ files: SupervisedFiles
  ) throws(NativeProcessError) -> Bool {
    let file: FileDescriptor
    do throws(DirectoryError) {
      file = try folder.file(SupervisedFiles.lockName)
    } catch {
      if error.errno == ENOENT { return false }
      throw .file(files.lockFile, "open", error)
    }
    defer { try? file.close() }
    switch flockRetrying(file, LOCK_SH | LOCK_NB) {
    case nil:
      // Let go at once: a descriptor copied by a fork elsewhere in this process would else keep the lock.
      _ = flockRetrying(file, LOCK_UN)
      return false
    case .wouldBlock: return true
    default: throw .noLocks(files.lockFile)
    }
  }

  /// The first release recorded no user; its folders for servers were the program's user's own.
  private static func user(
    _ folder: DirectoryDescriptor, _ files: SupervisedFiles, _ record: SupervisedRecord?
  ) -> uid_t? {
    guard geteuid() == 0 else { return geteuid() }
    let owner = folder.status.st_uid
    if owner != 0 { return owner }
    if let user = record?.user { return user }
    var info = stat()
    return lstat(files.folder + "/..", &info) == 0 && info.st_uid != 0 ? info.st_uid : nil
  }

  /// Whether the program on record is still there: same boot, same number, same start, its user's.
  ///
  /// A record can be copied with the folder that it lies in, so that without the lock it says nothing of a process which
  /// works elsewhere.
  var isAlive: Bool {
    guard let record, record.exit == nil, record.boot == ProcessTable.bootID, record.process.isAlive,
      user.map({ ProcessTable.realUser(record.process.pid) == $0 }) ?? true
    else { return false }
    return isHeld || ProcessTable.works(record.process.pid, in: files.ownFolder)
  }

  /// Whether something runs. A program may let the lock go that it inherited, but is there all the same.
  var isOccupied: Bool { isHeld || isAlive }

  /// Sends a signal to the program on record, if it is still there.
  func signal(_ signal: Int32) {
    guard let record, isAlive else { return }
    ProcessTable.signal(record.process.pid, signal) { $0.start == record.process.start }
  }

  /// Kills what is left: everything of the program's own session, then whoever has the lock (PostgreSQL's children lead
  /// sessions of their own).
  func killRest(lock: String) {
    if let record, record.boot == ProcessTable.bootID { killSession(of: record) }
    for holder in ProcessTable.lockHolders(lock) {
      ProcessTable.signal(holder, SIGKILL, if: isOurs)
    }
  }

  private func killSession(of record: SupervisedRecord) {
    let session = record.process.pid
    // The number of a session that has ended is given away again.
    if let leader = ProcessTable.entry(session), leader.start != record.process.start { return }
    for member in ProcessTable.members(ofSession: session) where member.start >= record.process.start {
      ProcessTable.signal(member.pid, SIGKILL) { $0.start == member.start && isOurs($0) }
    }
  }

  /// A descriptor of the lock can be handed to any process, so that having it is not enough.
  private func isOurs(_ process: ProcessTable.Entry) -> Bool {
    process.isSupervised(user: user)
  }
}
