import DrydockBase
package import Essentials

/// The folders in which drydock keeps what outlives a command.
package struct StateHome: Sendable, Hashable {
  /// State of instances, port reservations.
  package let root: String
  /// Where native engines keep their data.
  package let engines: String
  /// Where sockets go when the engines' own folders have too long a path.
  package let sockets: String
  /// What can be made again at any time.
  package let cache: String
  /// Whose home it is, where it is another user's.
  package let owner: HomeOwner?
  /// The root of the home with which this one of a throw-away instance shares what is one for all: the reservations of
  /// ports and the certificate authority. Nil for a home of its own.
  package let lender: String?

  /// A home with explicit folders.
  /// - Parameters:
  ///   - cache: Nil puts it below the root.
  ///   - owner: Another user, whose home it is.
  package init(
    root: String, engines: String, sockets: String, cache: String? = nil, owner: HomeOwner? = nil,
    lender: String? = nil
  ) {
    self.owner = owner
    self.lender = lender
    self.root = root
    self.engines = engines
    self.sockets = sockets
    self.cache = cache ?? "\(root)/cache"
  }

  /// The home that the environment names: `DRYDOCK_HOME`, else the platform's folder for state.
  ///
  /// Run by root, engines drop to another user, who cannot enter root's own home; their folders then lie under
  /// /var/lib/drydock and /var/cache/drydock unless `DRYDOCK_HOME` is reachable for everyone.
  package init(environment: [String: String]) {
    let userID = getuid()
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? URL.homeDirectory.path
    let root = Self.root(environment, home: home)
    let owner = HomeOwner(of: root, environment: environment)
    // Another user's engines lie where that user has them.
    let engines = "\(root)/engines"
    self.init(
      root: root,
      engines: owner == nil ? Self.reachable(engines, below: root, else: "/var/lib/drydock") : engines,
      sockets: Self.sockets(in: Self.temporary(environment), of: owner?.user ?? userID),
      cache: owner == nil || userID != 0
        ? Self.cache(environment, home: home, root: root)
        // root writes nothing where another user could have put a link.
        : "/var/cache/drydock/\(shortHash(root))",
      owner: owner)
  }

  /// A user's folder for sockets where anybody could make one of its name first: the first that is the user's, so that
  /// every command finds it again, else the first that nobody has.
  package static func sockets(in folder: String, of user: uid_t) -> String {
    let usual = "\(folder)/drydock-\(user)"
    let names = [usual] + (1..<100).map { "\(usual)-\($0)" }
    func status(_ path: String) -> stat? {
      var info = stat()
      return lstat(path, &info) == 0 ? info : nil
    }
    func isOwn(_ path: String) -> Bool {
      guard let info = status(path) else { return false }
      return info.st_mode & S_IFMT == S_IFDIR && info.st_uid == user
    }
    return names.first(where: isOwn) ?? names.first { status($0) == nil } ?? usual
  }

  /// `/tmp`, which is the same for every command, unless nobody can write there.
  private static func temporary(_ environment: [String: String]) -> String {
    guard access("/tmp", W_OK) != 0, let named = environment["TMPDIR"], named.beginsExactly(with: "/") else {
      return "/tmp"
    }
    return named
  }

  /// `XDG_CACHE_HOME`, else a folder of `DRYDOCK_HOME`, else the platform's folder for caches.
  private static func cache(_ environment: [String: String], home: String, root: String) -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let folder: String
    if let caches = value("XDG_CACHE_HOME"), caches.beginsExactly(with: "/") {
      folder = "\(caches)/drydock"
    } else if value("DRYDOCK_HOME") != nil {
      folder = "\(root)/cache"
    } else {
      #if os(macOS)
        folder = "\(home)/Library/Caches/drydock"
      #else
        folder = "\(home)/.cache/drydock"
      #endif
    }
    return reachable(folder, below: folder, else: "/var/cache/drydock")
  }

  /// The folder, unless root cannot share it with the engines' users; then one below `elsewhere`.
  private static func reachable(_ folder: String, below: String, else elsewhere: String) -> String {
    guard getuid() == 0, !isReachableByAll(below) else { return folder }
    return "\(elsewhere)/\(shortHash(below))"
  }

  private static func root(_ environment: [String: String], home: String) -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let explicit = value("DRYDOCK_HOME") { return URL(filePath: explicit).standardizedFileURL.path }
    #if os(macOS)
      return "\(home)/Library/Application Support/drydock"
    #else
      return "\(value("XDG_STATE_HOME") ?? "\(home)/.local/state")/drydock"
    #endif
  }

  /// Whether everyone may enter the folder and those above it; a missing one is made so.
  private static func isReachableByAll(_ path: String) -> Bool {
    Folder.upward(from: URL(filePath: path).standardizedFileURL.path).allSatisfy { folder in
      var info = stat()
      return stat(folder, &info) != 0 || info.st_mode & 0o001 != 0
    }
  }

  /// The folder of one instance's state.
  package func instance(_ id: String) -> String { "\(root)/instances/\(id)" }
  /// The folder in which ports are reserved.
  package var ports: String { "\(lender ?? root)/ports" }
  /// The folder of the user's own certificate authority.
  package var authority: String { "\(lender ?? root)/ca" }

  /// The folder in which the clients of a resource run. No engine's user can reach it: a client of root's reads settings
  /// in it, and writes down what was typed.
  package func clients(_ name: String, of id: String) -> String {
    "\(instance(id))/clients/\(Slug.make(name))"
  }

  /// The folder of one resource of an instance.
  package func resource(_ name: String, of id: String) -> String { "\(engines)/\(id)/\(Slug.make(name))" }

  /// A folder for a resource's sockets: inside its own folder where that leaves room for a socket's name in
  /// the 103 bytes that a socket address holds, else a short hashed one.
  package func socketFolder(_ name: String, of id: String) -> String {
    let inside = "\(resource(name, of: id))/sockets"
    guard inside.utf8.count > 103 - 24 else { return inside }
    return "\(sockets)/\(shortHash(inside))"
  }
}

extension StateHome {
  /// The folder of the resource that was created with that name.
  package func created(_ name: String) -> String { "\(root)/resources/\(name)" }

  /// The folder whose lock is held while something is done to a created resource.
  package func operation(_ id: String) -> String { "\(instance(id))/operation" }
}
