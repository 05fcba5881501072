package import DockerEngine

/// What an image is built from, as a manifest says it. Equal ones share one image.
package struct ImageSource: Sendable, Hashable {
  /// The folder, from the app's.
  package let path: String
  /// The Dockerfile, from there.
  package let manifest: String
  /// The build's arguments, as `KEY` or `KEY=value`.
  package let arguments: [String]

  /// A source from its parts.
  package init(path: String = ".", manifest: String = "Dockerfile", arguments: [String] = []) {
    self.path = ContextCopy.cleaned(path)
    self.manifest = manifest
    self.arguments = arguments
  }
}

/// An image that was built, now or earlier.
package struct BuiltImage: Sendable, Hashable {
  /// Its id.
  package let id: String
  /// Whether it was built now; else nothing had changed since it was.
  package let isNew: Bool

  /// An image by its id.
  package init(id: String, isNew: Bool) {
    self.id = id
    self.isNew = isNew
  }
}

/// Something that a build of an image tells.
package enum ImageBuildEvent: Sendable, Hashable {
  /// Nothing has changed since an image was built, which does.
  case unchanged
  /// An image that the Dockerfile begins with is not here, and is got.
  case getting(String)
  /// The context goes to the engine.
  case sending
  /// What the engine tells.
  case engine(BuildEvent)
}
