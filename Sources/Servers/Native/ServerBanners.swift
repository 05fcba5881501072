import AppState
import Essentials
import LocalFiles
import NativeProcess

/// What servers answered to `--version`, kept from one command to the next: asking all of them takes longer than a
/// second `up` does.
///
/// An answer holds for the very file that gave it. What cannot be read or written here is asked for again.
package actor ServerBanners {
  private struct Answer: Codable {
    let stamp: FileStamp
    let banner: String
  }

  private let file: URL
  private let folder: String
  private lazy var answers =
    (try? JSONDecoder().decode([String: Answer].self, from: Data(contentsOf: file))) ?? [:]

  /// The answers that are kept in a folder for caches.
  package init(cache: String) {
    self.folder = cache
    self.file = URL(filePath: "\(cache)/server-banners.json")
  }

  /// Those who wait for the answer of a server that is being asked.
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  /// The banner of a server's executable; nil when it gives none.
  /// - Parameter server: Its path, links resolved, so that a file by two names is asked once.
  package func banner(of server: String, asking ask: @Sendable () async throws -> String?) async rethrows
    -> String?
  {
    while waiting[server] != nil {
      await withCheckedContinuation { waiting[server]?.append($0) }
    }
    let stamp = FileStamp(server)
    if let known = answers[server], known.stamp == stamp { return known.banner }
    waiting[server] = []
    defer { waiting.removeValue(forKey: server)?.forEach { $0.resume() } }
    guard let banner = try await ask() else { return nil }
    if let stamp {
      answers[server] = Answer(stamp: stamp, banner: banner)
      save()
    }
    return banner
  }

  private func save() {
    answers = answers.filter { FileStamp($0.key) != nil }
    do {
      try Folder.make(folder, mode: getuid() == 0 ? 0o711 : 0o700)
      // Whatever the umask: who could write in it would choose what runs.
      try DirectoryDescriptor(folder, followingLink: true).replace(
        file.lastPathComponent, with: Array(JSONEncoder().encode(answers)), mode: 0o600, isDurable: false)
    } catch {
      // The next command asks again.
    }
  }
}
