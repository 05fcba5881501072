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

  /// The folder that holds the data, the user's own.
  package static let folder = "/var/lib/drydock"
  /// The data directory.
  package static let data = "\(folder)/data"

  /// Where the statements lie that fill the tables of time zones.
  package static let zones = "/drydock/time-zones.sql"

  /// A recipe.
  package init(
    user: String, make: String, wantsTimeZones: Bool = false, serve: String, files: [RecipeFile],
    sharedMemory: Int? = nil
  ) {
    self.user = user
    self.make = make
    self.wantsTimeZones = wantsTimeZones
    self.serve = serve
    self.files = files
    self.sharedMemory = sharedMemory
  }

  /// Words as a shell reads them.
  static func line(_ words: [String]) -> String {
    words.map { "'\($0.replacingExactly("'", with: #"'\''"#))'" }.joined(separator: " ")
  }
}
