import DrydockBase
package import Engines
import Essentials
import MonotonicTime
import NativeProcess

/// Finds engines that are installed on this machine, several versions side by side.
package struct NativeDiscovery: Sendable {
  private let path: [String]
  private let environment: [String: String]
  private let patience: Duration
  private let banners: ServerBanners?

  /// A discovery that looks on the path of this environment.
  /// - Parameters:
  ///   - patience: How long a server may take to state its version.
  ///   - banners: What servers answered before; nil asks each.
  package init(
    environment: [String: String], patience: Duration = .seconds(20), banners: ServerBanners? = nil
  ) {
    self.environment = environment
    self.patience = patience
    self.banners = banners
    self.path = SearchPath.folders(environment["PATH"] ?? "/usr/bin:/bin")
  }

  /// Every installation of an engine that can serve it, stand-ins last.
  /// - Throws: `DrydockError` with `isShortage`, or `NativeProcessError` with `.shortage`, where there was no looking:
  ///   what is there is not "not installed".
  package func installations(of engine: any ServerEngine) async throws -> [NativeInstallation] {
    let search = engine.nativeSearch
    var found: [NativeInstallation] = []
    for server in executables(search) {
      guard let installation = try await examine(server, search), engine.accepts(installation) != .no else {
        continue
      }
      found.append(installation)
    }
    // Folders and files could not be opened either, then, and seemed not to be there.
    if found.isEmpty { try DescriptorLimit.require(1) }
    return found.filter { engine.accepts($0) == .itself } + found.filter { engine.accepts($0) != .itself }
  }

  /// The servers' executables, each real file once.
  private func executables(_ search: NativeSearch) -> [String] {
    var seen: Set<String> = []
    let folders = path + search.folders.flatMap(Self.expand)
    return folders.flatMap { folder in search.servers.map { "\(folder)/\($0)" } }.filter { candidate in
      guard access(candidate, X_OK) == 0 else { return false }
      let real = URL(filePath: candidate).resolvingSymlinksInPath().path
      // A wrapper script on the path (a version switcher's, say) may need what an engine's user has not.
      return !Self.isScript(real) && seen.insert(real).inserted
    }
  }

  private static func isScript(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var head: [UInt8] = [0, 0]
    return read(descriptor, &head, 2) == 2 && head == Array("#!".utf8)
  }

  /// The folders that a pattern names; `*` within one component stands for any text.
  private static func expand(_ pattern: String) -> [String] {
    var folders = ["/"]
    for component in pattern.split(separator: "/").map(String.init) {
      folders = folders.flatMap { folder -> [String] in
        let base = folder == "/" ? "" : folder
        guard let star = component.firstIndex(of: "*") else { return ["\(base)/\(component)"] }
        let (prefix, suffix) = (component[..<star], component[component.index(after: star)...])
        let names = FileManager.default.readableNames(in: folder)
        return names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted().map { "\(base)/\($0)" }
      }
    }
    return folders
  }

  private func examine(_ server: String, _ search: NativeSearch) async throws -> NativeInstallation? {
    let real = URL(filePath: server).resolvingSymlinksInPath().path
    var tools: [String: String] = [:]
    for (name, spellings) in search.tools {
      tools[name] = tool(spellings, near: [server, real])
    }
    let ask: @Sendable () async throws -> String? = {
      let tool = Tool(
        executable: server, arguments: ["--version"], environment: cleanEnvironment(inherited: environment))
      // Some servers (mysqld) print their own path first, which may hold numbers.
      do {
        return try await tool.run(until: .after(patience)).text.replacing(server, with: "")
      } catch let error as NativeProcessError {
        if case .shortage = error.code { throw error }
        return nil
      } catch let error as DrydockError where error.isShortage {
        throw error
      } catch {
        return nil
      }
    }
    let banner =
      if let banners, let name = Self.lastingName(of: server, real, search) {
        try await banners.banner(of: name, asking: ask)
      } else {
        try await ask()
      }
    guard let banner, let version = ServerVersion(in: banner) else { return nil }
    return NativeInstallation(server: server, tools: tools, version: version, banner: banner)
  }

  /// The path under which a server's answer is kept.
  ///
  /// A file that serves every name that is linked to it, as version switchers have one, answers for none by itself: what it
  /// says depends on more than the file. Debian's redis-server is a link as well, to the redis-check-rdb beside it: there,
  /// a program has several names of its own.
  /// - Returns: Nil where none is.
  static func lastingName(of server: String, _ real: String, _ search: NativeSearch) -> String? {
    let (link, file) = (URL(filePath: server), URL(filePath: real))
    if search.servers.contains(file.lastPathComponent) { return real }
    let isBeside =
      link.deletingLastPathComponent().resolvingSymlinksInPath().path == file.deletingLastPathComponent().path
    let words = [link, file].map { $0.lastPathComponent.prefix { $0 != "-" } }
    return isBeside && words[0] == words[1] ? server : nil
  }

  private func tool(_ spellings: [String], near servers: [String]) -> String? {
    let beside = servers.map { URL(filePath: $0).deletingLastPathComponent().path }
    let sibling = beside.map { URL(filePath: $0).deletingLastPathComponent().path + "/bin" }
    let candidates = (beside + sibling + path).flatMap { folder in spellings.map { "\(folder)/\($0)" } }
    return candidates.first { access($0, X_OK) == 0 }
  }
}
