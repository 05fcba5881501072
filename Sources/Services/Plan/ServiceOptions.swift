package import AppState
import ConvoxManifest

/// How services are to be started.
package struct ServiceOptions: Sendable, Hashable, Codable {
  /// How they run, where the user says so.
  package var way = ServiceWay.auto
  /// Where the user wants the app, which decides where no database does; nil where nothing was said.
  package var runtime: RuntimeKind?

  /// Whether efs volumes stay where they are instead of being mounted at their paths.
  package var withoutMounts = false

  /// Whether images are built anew whatever the engine has kept of earlier builds.
  package var ignoresCache = false

  /// Whether images that were built before have to do, whatever has changed since.
  package var buildsNothing = false
  /// Whether containers have AWS's limits of memory and processor time.
  package var appliesLimits = false
  /// The services that get a terminal, besides those of drydock.yml.
  package var terminals: Set<String> = []

  /// Whether services that speak http are reached by https too, and http leads there.
  package var speaksTLS = false

  /// Whether changed files are carried into containers.
  package var syncs = true

  /// Whether processes are restarted whenever a file of their tree changes.
  package var watches = false

  /// The usual.
  package init() {}
}

/// How services are to run.
package enum ServiceWay: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each as it can.
  case auto
  /// In containers.
  case container
  /// As processes of this machine.
  case process
}

extension ServiceWay {
  /// What drydock.yml says of a service; nil for nothing.
  init(_ kind: DrydockSettings.Kind?) {
    switch kind {
    case .process: self = .process
    case .container: self = .container
    case .off, nil: self = .auto
    }
  }
}
