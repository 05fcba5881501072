import ConvoxEnvironment

/// A template as IntegreSQL's clients read it.
struct TemplateBody: Encodable {
  var database: DatabaseBody
}

/// A database for a test as IntegreSQL's clients read it.
struct TestDatabaseBody: Encodable {
  var database: DatabaseBody
  var id: Int
}

/// A database of a template.
struct DatabaseBody: Encodable {
  /// How a client connects to it.
  struct Config: Encodable {
    var host: String
    var port: Int
    var username: String
    var password: String
    var database: String
    var additionalParams: [String: String]?
  }

  var templateHash: String
  var config: Config

  /// - Parameter name: The database, on the server of that endpoint.
  init(hash: String, _ endpoint: ResourceEndpoint, name: String, parameters: [String: String]?) {
    templateHash = hash
    config = Config(
      host: endpoint.host, port: endpoint.port, username: endpoint.user, password: endpoint.password,
      database: name, additionalParams: parameters)
  }
}

/// What a client posts for a template.
struct TemplateRequest: Decodable {
  var hash: String?
}
