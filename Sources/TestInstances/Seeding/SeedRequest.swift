/// What an instance is filled with before its command runs.
package struct SeedRequest: Sendable, Hashable {
  /// A resource and the file that is imported into it.
  package struct File: Sendable, Hashable {
    /// The resource.
    package var resource: String
    /// The file.
    package var path: String

    /// A file for a resource.
    package init(resource: String, path: String) {
      self.resource = resource
      self.path = path
    }
  }

  /// The files, in their order.
  package var files: [File]
  /// What `sh` runs after them, with the command's variables; nil for nothing.
  package var command: String?
  /// Patterns of the files by which that command's result is known; empty where it is not kept.
  package var inputs: [String]

  /// A request.
  package init(files: [File] = [], command: String? = nil, inputs: [String] = []) {
    self.files = files
    self.command = command
    self.inputs = inputs
  }
}
