import Essentials
import Logging

/// The contexts of the docker command, read from its configuration directory.
struct DockerContexts: Sendable {
  let directory: String

  private struct Configuration: Decodable {
    let currentContext: String?
  }

  private struct Metadata: Decodable {
    let name: String
    let endpoints: [String: Endpoint]

    struct Endpoint: Decodable {
      let host: String?

      enum CodingKeys: String, CodingKey {
        case host = "Host"
      }
    }

    enum CodingKeys: String, CodingKey {
      case name = "Name"
      case endpoints = "Endpoints"
    }
  }

  /// The context that config.json names; nil for the default one, or where there is no readable config.json.
  var current: String? {
    let configuration: Configuration? = read(directory + "/config.json")
    return configuration?.currentContext.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The engine's address in a context; nil where no such context is described.
  ///
  /// The directories are named by a SHA-256 of the context's name; looking into each finds it as well,
  /// without a dependency for the digest.
  func address(of context: String) -> String? {
    let root = directory + "/contexts/meta"
    let entries = FileManager.default.readableNames(in: root)
    for entry in entries.sorted() {
      let metadata: Metadata? = read("\(root)/\(entry)/meta.json")
      if let metadata, metadata.name == context { return metadata.endpoints["docker"]?.host }
    }
    return nil
  }

  private func read<Content: Decodable>(_ path: String) -> Content? {
    guard let content = FileManager.default.contents(atPath: path) else { return nil }
    do {
      return try JSONDecoder().decode(Content.self, from: content)
    } catch {
      // Not ours to complain of: where no engine is found without it, that is what is told.
      logger.debug("a file of Docker's settings is not understood", metadata: ["file": "\(path)"])
      return nil
    }
  }
}
