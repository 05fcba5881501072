/// A resource of the manifest.
public struct Resource: Sendable, Hashable {
  /// The key under `resources:`.
  public var name: String
  /// The type's own name in the catalog.
  public var type: String
  /// The type as it is written, which may be a v3 name.
  public var declaredType: String
  /// v3's `image:`, which beats the version.
  public var image: String?
  /// The options that are set, in the order of the file.
  public var options: [ResourceOption]
  /// Where the name stands.
  public var location: SourceLocation

  /// A resource of these parts.
  public init(
    name: String, type: String, declaredType: String? = nil, image: String? = nil,
    options: [ResourceOption] = [],
    location: SourceLocation
  ) {
    self.name = name
    self.type = type
    self.declaredType = declaredType ?? type
    self.image = image
    self.options = options
    self.location = location
  }

  /// The prefix of its variables: upper-cased, `-` as `_`.
  public var environmentPrefix: String { Resource.environmentPrefix(of: name) }

  /// The prefix of the variables of a resource of that name.
  public static func environmentPrefix(of name: String) -> String {
    name.uppercased().replacing("-", with: "_")
  }

  /// The value of an option, if it is set.
  public func option(_ name: String) -> String? { options.last { $0.name == name }?.value }
}

/// An option that is set on a resource.
public struct ResourceOption: Sendable, Hashable {
  /// The key.
  public var name: String
  /// The value as YAML 1.1 resolves it: unquoted `8.0` is `8`.
  public var value: String
  /// Where the value stands.
  public var location: SourceLocation

  /// An option with its value and place.
  public init(name: String, value: String, location: SourceLocation) {
    self.name = name
    self.value = value
    self.location = location
  }
}
