package import ConvoxManifest
import Engines
package import Planning
import Servers

extension ServerSource {
  /// An installed server of that version.
  package static func installed(_ version: String, drift: String? = nil) -> ServerSource {
    let number = ServerVersion(in: version)
    let installation = number.map {
      NativeInstallation(server: "/usr/bin/server", tools: [:], version: $0, banner: version)
    }
    return installation.map { ServerSource(.installation($0), version: number, drift: drift) }
      ?? .pulled("impossible:\(version)")
  }

  /// An image that is there.
  package static func local(_ image: String) -> ServerSource {
    ServerSource(.image(image, isLocal: true), version: ServerVersion(in: image))
  }

  /// An image that has to be fetched.
  package static func pulled(_ image: String) -> ServerSource {
    ServerSource(.image(image, isLocal: false), version: ServerVersion(in: image))
  }
}

/// A resource of a fake engine.
package func fake(_ name: String, _ engine: FakeEngine = FakeEngine(), version: String = "1.0")
  -> ResourceSpec
{
  ResourceSpec(name: name, engine: engine, version: version, options: [:])
}

/// A manifest by the real engines' rules.
package func manifest(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> Manifest {
  try ManifestLoader(catalog: .builtIn).load(
    Array(text.utf8), file: "convox.yml", appEnvironment: appEnvironment)
}

/// The resources of a manifest.
package func specs(_ text: String, _ appEnvironment: [String: String] = [:]) throws -> [ResourceSpec] {
  try ResourceSpec.specs(of: manifest(text, appEnvironment), in: .builtIn, appEnvironment: appEnvironment)
}
