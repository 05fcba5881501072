import AppState
import ArgumentParser
import ConvoxManifest
import Emulator
import Engines
import Planning
import Resources
import Services

/// What a shell offers for a word that names something: looked up when TAB is pressed, and silent about whatever is
/// wrong. `--manifest` and `--app` on the line count as they do for the command.
enum NameCompletion {
  /// An app's resources.
  static let resources = kind { $0.resources }
  /// An app's resources, and those created on their own.
  static let anyResources = kind { $0.resources + $0.created }
  /// The resources created on their own.
  static let created = kind { $0.created }
  /// A resource as the beginning of an assignment.
  static let resourceAssignment = kind { words in words.resources.map { "\($0)=" } }
  /// An app's services.
  static let services = kind { $0.services }
  /// A service as the beginning of an assignment.
  static let serviceAssignment = kind { words in words.services.map { "\($0)=" } }
  /// An app's services, and the replicas that they had.
  static let replicas = kind { $0.services + $0.replicas }
  /// An app's resources and services.
  static let resourcesAndServices = kind { $0.resources + $0.services }
  /// The volumes that an app's services mount.
  static let volumes = kind { $0.volumes }
  /// The timers.
  static let timers = kind { $0.timers }
  /// The apps of this machine.
  static let apps = kind { $0.apps }
  /// The names in the app env.
  static let variables = kind { $0.variables }
  /// The names in the app env, and those that the manifest declares, as the beginning of an assignment.
  static let variableAssignment = kind { words in (words.variables + words.declared).map { "\($0)=" } }
  /// The racks for which an app env is kept.
  static let racks = kind { $0.racks }
  /// The app parameters, as the beginning of an assignment.
  static let parameterAssignment = CompletionKind.list(AppParameter.allCases.map { "\($0.rawValue)=" })
  /// The types of resources that can be created.
  static let types = CompletionKind.list(ResourceCatalog.builtIn.kinds.map(\.name).sorted())

  private static func kind(_ names: @escaping @Sendable (NameLookup) -> [String]) -> CompletionKind {
    // Typed, as there is one for asynchronous closures too, which the parser cannot run here.
    let complete: @Sendable ([String], Int, String) -> [String] = { words, _, _ in
      Array(Set(names(NameLookup(words)))).sorted()
    }
    return .custom(complete)
  }
}

/// The names that there are where a command line is typed.
struct NameLookup {
  private let session: Session?
  private let state: InstanceState?

  /// - Parameter words: The command line's words as they are typed, the one under the cursor among them.
  init(_ words: [String], context: DrydockContext = .live) {
    var arguments: [String] = []
    for (long, short) in [("--manifest", "-m"), ("--app", "-a")] {
      guard let value = Self.value(of: long, short, in: words), !value.isEmpty else { continue }
      arguments += [long, value]
    }
    session = (try? SharedOptions.parse(arguments)).map { Session($0, context: context) }
    state = session.flatMap { try? $0.existingInstance(allowsNewName: true) }
  }

  var resources: [String] {
    (manifest?.resources.map(\.name) ?? []) + (state?.resources.keys.sorted() ?? [])
  }
  var created: [String] { session?.context.store.createdResources().map(\.handle) ?? [] }
  var services: [String] { manifest?.services.map(\.name) ?? [] }
  var replicas: [String] {
    guard let session, let state else { return [] }
    return ServiceFolder(home: session.context.home, id: state.id).replicas.filter { $0.number > 0 }.map(
      \.name)
  }
  var volumes: [String] {
    let items = manifest?.services.flatMap(\.volumes).map(ServiceVolume.init) ?? []
    return items.filter { !$0.isOfHost }.map(\.key)
  }
  var timers: [String] { manifest?.timers.map(\.name) ?? [] }
  var apps: [String] { session?.context.store.apps().map(\.handle) ?? [] }
  var variables: [String] { state.map { Array($0.appEnvironment.keys) } ?? [] }
  var racks: [String] { state?.rackEnvironments.map { Array($0.keys) } ?? [] }

  var declared: [String] {
    let all = manifest.map { $0.environment + $0.services.flatMap(\.environment) } ?? []
    return all.compactMap { declaration in
      switch declaration {
      case .required(let name), .defaulted(let name, _): name
      case .everything: nil
      }
    }
  }

  private var manifest: Manifest? {
    guard let session, let workspace = try? session.workspaceOfInstance() else { return nil }
    return try? workspace.load(
      appEnvironment: state?.appEnvironment ?? [:], catalog: session.context.catalog)
  }

  /// The last value that an option has among the words, without the quotes that a shell would take away.
  private static func value(of long: String, _ short: String, in words: [String]) -> String? {
    var found: String?
    for (index, word) in words.enumerated() {
      if word == long || word == short, index + 1 < words.count {
        found = words[index + 1]
      } else if word.hasPrefix("\(long)=") {
        found = String(word.dropFirst(long.count + 1))
      }
    }
    return found.map { String($0.filter { !"\"'\\".contains($0) }) }
  }
}
