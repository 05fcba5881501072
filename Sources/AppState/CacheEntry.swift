package import Essentials

/// One thing that lies in the cache: what can be made again, at the price of some time.
package struct CacheEntry: Sendable, Hashable, Codable {
  /// What it is.
  package enum Kind: String, Sendable, Hashable, Codable {
    /// A new data directory of an engine.
    case template
    /// A copy of one, for the next new server: see `Spares`.
    case spare
    /// A Docker image with an engine's new data in it; its path is its name.
    case image
    /// What a seed command made.
    case seed
    /// An installed server put together anew.
    case server
    /// What servers answered when they were asked for their version.
    case answers
    /// Nothing that this drydock knows.
    case other
  }

  /// How it is.
  package enum Condition: String, Sendable, Hashable, Codable {
    /// It serves.
    case ready
    /// It was cut short, or is being made.
    case unfinished
    /// It is not what it was when it was made.
    case damaged
    /// What it was made for is gone: an earlier start of the machine, another build of the server.
    case outdated
  }

  /// What it is.
  package var kind: Kind
  /// The engine's server, or what tells it from others of its kind.
  package var name: String
  /// The server's version; nil where it is of none.
  package var version: String?
  /// How it is.
  package var condition: Condition
  /// Whether somebody works with it at this moment.
  package var isInUse: Bool
  /// What it takes on the disk, in bytes.
  package var bytes: Int64
  /// When it was made or served last.
  package var lastUsed: Date?
  /// Where it lies.
  package var path: String

  private enum CodingKeys: String, CodingKey {
    case kind, name, version, bytes, lastUsed, path
    case condition = "state"
    case isInUse = "inUse"
  }

  /// What lies elsewhere than in a folder.
  package init(_ kind: Kind, name: String, bytes: Int64, lastUsed: Date?, path: String) {
    self.kind = kind
    self.name = name
    self.condition = .ready
    self.isInUse = false
    self.bytes = bytes
    self.lastUsed = lastUsed
    self.path = path
  }

  /// What lies at a path.
  /// - Parameter mark: The file whose time of change is that of the last use; nil for the path itself.
  package init(
    _ kind: Kind, name: String, version: String? = nil, condition: Condition = .ready, isInUse: Bool = false,
    at path: String, mark: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.version = version
    self.condition = condition
    self.isInUse = isInUse
    self.path = path
    bytes = DiskSize.of(path)
    var info = stat()
    lastUsed =
      lstat(mark ?? path, &info) == 0 || lstat(path, &info) == 0
      ? Date(timeIntervalSince1970: Double(CacheMark.seconds(info))) : nil
  }
}

/// The file of an entry whose time of change says when it was used last.
package enum CacheMark {
  /// Notes that the entry is being used.
  package static func touch(_ path: String) {
    utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW)
  }

  /// When that was, in seconds since 1970; nil where there is no such file.
  package static func time(_ path: String) -> Int? {
    var info = stat()
    return lstat(path, &info) == 0 ? seconds(info) : nil
  }

  static func seconds(_ info: stat) -> Int {
    #if canImport(Darwin)
      info.st_mtimespec.tv_sec
    #else
      info.st_mtim.tv_sec
    #endif
  }
}
