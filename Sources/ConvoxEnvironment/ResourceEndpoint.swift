import ConvoxManifest

/// How the variables of a resource type are filled.
package enum VariableShape: Sendable, Hashable {
  /// All six, with a URL of that scheme: postgres, mysql (mariadb too).
  case database(scheme: String)
  /// Redis and valkey, with the AWS template's quirks: the port carries `/0`, the password its punctuation. Over TLS the
  /// scheme has an `s` more.
  case keyValue(scheme: String)
  /// A bare `HOST:PORT` as the URL: memcached.
  case hostPort
  /// No variables at all: efs.
  case none
}

/// Where a resource can be reached and as whom: all that its variables are made of.
package struct ResourceEndpoint: Sendable, Hashable {
  /// The resource's name in the manifest.
  package var resource: String
  /// How its variables are filled.
  package var shape: VariableShape
  /// The host, a name or an address.
  package var host: String
  package var port: Int
  /// The user; only databases show one.
  package var user: String
  /// The password, which stands raw in the URL as on AWS.
  package var password: String
  /// The database; only databases show one.
  package var database: String
  /// Whether a redis takes TLS and a password (`encrypted: true`).
  package var encrypted: Bool
  /// The URL of a resource that runs elsewhere; then only `_URL` has a value and all else here is ignored.
  package var externalURL: String?

  /// An endpoint; the defaults are those of Convox on this machine.
  package init(
    resource: String, shape: VariableShape, host: String = "127.0.0.1", port: Int = 0, user: String = "app",
    password: String = "", database: String = "app", encrypted: Bool = false, externalURL: String? = nil
  ) {
    self.resource = resource
    self.shape = shape
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.database = database
    self.encrypted = encrypted
    self.externalURL = externalURL
  }

  /// The six variables in Convox's order `_URL _USER _PASS _HOST _PORT _NAME`; those that the type does not fill
  /// are set to the empty string. None for a resource without variables.
  package var variables: [EnvironmentVariable] {
    guard let fields else { return [] }
    let prefix = Resource.environmentPrefix(of: resource)
    return VariableField.allCases.map {
      EnvironmentVariable(name: "\(prefix)_\($0.rawValue)", value: fields[$0])
    }
  }

  /// The URL; nil for a resource without variables.
  package var url: String? { fields?.url }

  /// The URL with `****` in place of the password, fit for a screen or a log.
  package var maskedURL: String? {
    if let externalURL { return shape == .none ? nil : maskingPassword(inURL: externalURL) }
    guard !password.isEmpty else { return url }
    var masked = self
    masked.password = "****"
    return masked.url
  }

  /// The value of the one variable that a v3 link `name:ENVNAME` sets: picked by the last `_` token of ENVNAME if
  /// that is one of URL USER PASS HOST PORT NAME, else the URL.
  package func value(forLinkVariable name: String) -> String {
    let token = name.split(separator: "_", omittingEmptySubsequences: false).last ?? ""
    return fields?[VariableField(rawValue: String(token)) ?? .url] ?? ""
  }

  private var fields: VariableFields? {
    if shape != .none, let externalURL { return VariableFields(url: externalURL) }
    switch shape {
    case .database(let scheme):
      return VariableFields(
        url: "\(scheme)://\(user):\(password)@\(host):\(port)/\(database)",
        user: user, pass: password, host: host, port: "\(port)", name: database)
    case .keyValue(let scheme):
      let login = encrypted ? ":\(password)@" : ""
      return VariableFields(
        url: "\(scheme)\(encrypted ? "s" : "")://\(login)\(host):\(port)/0",
        pass: login, host: host, port: "\(port)/0")
    case .hostPort:
      return VariableFields(url: "\(host):\(port)", host: host, port: "\(port)")
    case .none:
      return nil
    }
  }
}

/// The endings of a resource's variables, in Convox's order.
private enum VariableField: String, CaseIterable {
  case url = "URL"
  case user = "USER"
  case pass = "PASS"
  case host = "HOST"
  case port = "PORT"
  case name = "NAME"
}

private struct VariableFields {
  var url: String
  var user = ""
  var pass = ""
  var host = ""
  var port = ""
  var name = ""

  subscript(field: VariableField) -> String {
    switch field {
    case .url: url
    case .user: user
    case .pass: pass
    case .host: host
    case .port: port
    case .name: name
    }
  }
}
