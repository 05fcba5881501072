import AppState
import Emulator
import LocalServer
import Resources

/// `convox resources`: the resources of an app.
extension Rack {
  var resourceRoutes: [Route] {
    [
      .get("/apps/:app/resources") { request, _ in
        let app = try app(request["app"])
        return try .json(try await lookup.list(app: app).map(ResourceJSON.init))
      },
      .get("/apps/:app/resources/:name") { request, _ in
        let target = try target(request["name"], of: try app(request["app"]))
        return try .json(ResourceJSON(try await lookup.describe(target)))
      },
    ]
  }

  var lookup: ResourceLookup { ResourceLookup(context: context) }

  /// A resource of an app, or one that is linked to it.
  /// - Throws: `HTTPFailure` in Convox's words.
  func target(_ name: String, of app: InstanceState) throws -> ResourceTarget {
    guard let target = lookup.targets(app: app).first(where: { $0.name == name }) else {
      throw HTTPFailure.noSuch("resource", name)
    }
    return target
  }
}

/// A resource, in the API's names.
struct ResourceJSON: Encodable, Sendable {
  /// An app as a resource names it; the tool expects an app's whole object and reads its name.
  struct Link: Encodable, Sendable {
    var name: String
  }

  var name: String
  var type: String
  var status: String
  var url: String
  var parameters: [String: String]
  var apps: [Link]

  init(_ resource: RackResource) {
    name = resource.name
    type = resource.type
    status = resource.status
    url = resource.url ?? ""
    parameters = resource.parameters
    apps = resource.apps.map(Link.init)
  }
}
