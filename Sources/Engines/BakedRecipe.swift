import DrydockBase

/// How a server is run that finds its data in its image. The data is made once, the same for every request and without a
/// secret, and lies outside of what the image declares as volumes: what a container finds there is not kept in an image.
package struct BakedRecipe: Sendable, Hashable {
  /// The image's user, as whom the data is made and served.
  package var user: String
  /// What a shell runs to make the data at `data`, in a folder of the user's.
  package var make: String
  /// Whether that reads statements at `zones` which fill the tables of time zones.
  package var wantsTimeZones: Bool
  /// What a shell runs to make the data a request's own, and to become the server.
  package var serve: String
  /// Files that this reads.
  package var files: [RecipeFile]
  /// The size of `/dev/shm` that the server needs, in bytes; nil for the engine's default.
  package var sharedMemory: Int?
  /// How a copy of the data becomes that of a server which stays, in the image's own ways.
  package var copy: BakedCopy

  /// The folder that holds the data, the user's own.
  package static let folder = "/var/lib/drydock"
  /// The data directory.
  package static let data = "\(folder)/data"

  /// Where the statements lie that fill the tables of time zones.
  package static let zones = "/drydock/time-zones.sql"

  /// A recipe.
  package init(
    user: String, make: String, wantsTimeZones: Bool = false, serve: String, files: [RecipeFile],
    sharedMemory: Int? = nil, copy: BakedCopy
  ) {
    self.user = user
    self.make = make
    self.wantsTimeZones = wantsTimeZones
    self.serve = serve
    self.files = files
    self.sharedMemory = sharedMemory
    self.copy = copy
  }

  /// Words as a shell reads them.
  static func line(_ words: [String]) -> String {
    words.map { "'\($0.replacingExactly("'", with: #"'\''"#))'" }.joined(separator: " ")
  }
}

/// How a copy of data that was made once for all becomes a request's own, in a volume that outlives its containers.
package struct BakedCopy: Sendable, Hashable {
  /// What a shell runs as the recipe's user once the copy lies at `$data`, while no server has it; nil for nothing.
  package var script: String?
  /// Files that this reads.
  package var files: [RecipeFile]
  /// Options of the server's first start on it.
  package var firstOptions: [String]
  /// Files that the server reads by them. They are emptied once the data counts, so that a later start of the container does
  /// not take back what was changed since.
  package var firstFiles: [RecipeFile]

  /// A way that begins with a script, with options of the first start, or with both.
  package init(
    script: String? = nil, files: [RecipeFile] = [], firstOptions: [String] = [],
    firstFiles: [RecipeFile] = []
  ) {
    self.script = script
    self.files = files
    self.firstOptions = firstOptions
    self.firstFiles = firstFiles
  }
}
