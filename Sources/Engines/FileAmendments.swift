/// Files among those that an engine brings along that are to say something else where drydock runs it. The system's own stay
/// as they are.
package struct FileAmendments: Sendable {
  /// Folders in which the files may lie, best first; the first that is there counts.
  package var folders: [String]
  /// Whether a file of that name is one of them.
  package var concerns: @Sendable (_ name: String) -> Bool
  /// What a file of that name is to hold instead; nil leaves it.
  package var amend: @Sendable (_ name: String, _ text: String) -> String?

  /// Amendments of the files in a folder.
  package init(
    folders: [String], concerns: @escaping @Sendable (_ name: String) -> Bool,
    amend: @escaping @Sendable (_ name: String, _ text: String) -> String?
  ) {
    self.folders = folders
    self.concerns = concerns
    self.amend = amend
  }
}

/// How an installed server is put together anew, for its amended files: such a server looks for its parts from where its
/// executable lies.
package struct Relocation: Sendable {
  /// The executable, which is copied.
  package var executable: String
  /// Folders that are there by a link.
  package var linked: [String]
  /// A folder that is made anew, of links to what is in it.
  package var folder: String
  /// The files in a folder below that one that are amended; its others are there by links.
  package var amendments: FileAmendments

  /// A relocation of a server.
  package init(executable: String, linked: [String], folder: String, amendments: FileAmendments) {
    self.executable = executable
    self.linked = linked
    self.folder = folder
    self.amendments = amendments
  }
}

/// What is amended in a container, before its server first starts.
package struct ImageAmendments: Sendable {
  /// The files in one of these folders.
  package var files: FileAmendments
  /// A file among those on which the settings depend.
  package var condition: String
  /// Where the settings may lie that new data is made with, best first.
  package var settings: [String]
  /// What the settings are to be instead; nil leaves them.
  package var amendSettings: @Sendable (_ text: String) -> String?

  /// Amendments of an image.
  package init(
    files: FileAmendments, condition: String, settings: [String],
    amendSettings: @escaping @Sendable (_ text: String) -> String?
  ) {
    self.files = files
    self.condition = condition
    self.settings = settings
    self.amendSettings = amendSettings
  }
}
