import LocalServer

/// `convox rack` and `convox version`.
extension Rack {
  var systemRoutes: [Route] {
    [
      .get("/system") { _, _ in try .json(SystemJSON()) },
      // The tool asks for these before it opens a websocket, and reads nothing of the answer.
      .get("/racks") { _, _ in try .json([RackJSON()]) },
    ]
  }
}

/// The rack, in the API's names.
struct SystemJSON: Encodable, Sendable {
  var count = 1
  var domain = "localhost"
  var name = "drydock"
  var outputs: [String: String] = [:]
  var parameters: [String: String] = [:]
  var provider = "local"
  var rackDomain = "localhost"
  var region = "local"
  var status = "running"
  var type = "local"
  /// Compared as text by the tool: what sorts after 20190111211123 has the calls that are served here.
  var version = "20261101000000"

  enum CodingKeys: String, CodingKey {
    case count, domain, name, outputs, parameters, provider, region, status, type, version
    case rackDomain = "rack-domain"
  }
}

/// A rack as a list of racks shows it.
struct RackJSON: Encodable, Sendable {
  var name = "drydock"
  var provider = "local"
  var status = "running"
}
