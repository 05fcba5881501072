import DockerEngine
import DrydockBase
import ImageBuilds

/// All that decides how a service's replicas are started, as the manifest and the app env say it: equal ones run alike.
struct ServiceDefinition: Sendable, Hashable {
  /// What it is, without the number of replicas, which changes by itself.
  let spec: ServiceSpec
  /// How its processes are started; nil for containers.
  var process: ProcessLaunch?
  /// How its containers are made, without the image; nil for processes.
  var container: ContainerConfig?
  /// What its image is built from; nil for none.
  var source: ImageSource?
  /// The name of its image; nil for one that is built.
  var image: String?

  private var variables: [String: String] {
    if let process { return process.environment }
    let pairs = (container?.environment ?? []).compactMap { $0.pairExactly(at: "=") }
    return Dictionary(pairs.map { ($0.head, $0.tail) }) { $1 }
  }

  /// What differs from an earlier one, for people: names of variables, and no values.
  func difference(from old: ServiceDefinition) -> String {
    let (now, then) = (variables, old.variables)
    let names = Set(now.keys).union(then.keys).filter { now[$0] != then[$0] }.sorted()
    guard !names.isEmpty else { return "convox.yml says something else of it" }
    return "\(names.prefix(5).joined(separator: ", "))\(names.count > 5 ? " and others" : "") changed"
  }
}
