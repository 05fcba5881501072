import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Edits of a tree as people, editors and git make them; the same for the same seed.
struct RandomEdits {
  private let folder: String
  private var state: UInt64

  init(_ folder: URL, seed: UInt64) {
    self.folder = folder.path
    state = seed
  }

  /// One edit; one that is not possible is none.
  mutating func next() {
    let (path, other) = (place(), place())
    switch random(12) {
    case 0, 1, 2: write("\(random(1000))", to: path)
    case 3: mkdir(path, 0o755)
    case 4: unlink(path)
    case 5: try? FileManager.default.removeItem(atPath: path)
    case 6: rename(path, other)
    case 7:
      // As an editor saves.
      write("saved \(random(1000))", to: path + "~new")
      if rename(path + "~new", path) != 0 { unlink(path + "~new") }
    case 8: chmodUnlessLink(path)
    case 9: symlink(["a", "../b", "/etc/passwd", "."][random(4)], path)
    case 10:
      // A file in the place of a folder, or a folder in that of a file.
      try? FileManager.default.removeItem(atPath: path)
      if random(2) == 0 { write("was something else", to: path) } else { mkdir(path, 0o755) }
    default:
      mkdir(path, 0o755)
      write("inner \(random(1000))", to: path + "/" + name())
    }
  }

  /// A path of at most three parts of few names, so that edits meet each other.
  private mutating func place() -> String {
    folder + "/" + (0...random(3)).map { _ in name() }.joined(separator: "/")
  }

  private mutating func name() -> String { ["a", "b", "c c", "é"][random(4)] }

  /// No link is followed: it may lead out of the tree.
  private func write(_ text: String, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644)
    guard file >= 0 else { return }
    defer { close(file) }
    FileHandle(fileDescriptor: file).write(Data(text.utf8))
  }

  private mutating func chmodUnlessLink(_ path: String) {
    let mode = [0o600, 0o644, 0o755, 0o700][random(4)]
    var info = stat()
    guard lstat(path, &info) == 0, info.st_mode & S_IFMT != S_IFLNK else { return }
    // A folder has to stay one that can be read.
    chmod(path, mode_t(info.st_mode & S_IFMT == S_IFDIR ? mode | 0o700 : mode))
  }

  private mutating func random(_ count: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(count))
  }
}
