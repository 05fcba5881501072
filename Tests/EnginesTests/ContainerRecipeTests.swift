import Testing

@testable import Engines

@Suite struct ContainerRecipeTests {
  @Test(arguments: serverTypes)
  func noSecretIsSeenByInspecting(_ type: String) throws {
    let recipe = try #require(server(type)).container(request())
    let shown = recipe.command + recipe.environment.keys + recipe.environment.values
    for secret in [Secrets.app, Secrets.administrator] {
      #expect(!shown.contains { $0.contains(secret) })
    }
  }

  @Test(arguments: [
    ("postgres", "cluster_name="), ("mysql", "--report-host="), ("mariadb", "--report-host="),
    ("redis", "/drydock/"),
  ])
  func theServerKnowsWhoseItIs(_ type: String, _ prefix: String) throws {
    let recipe = try #require(server(type)).container(request())
    #expect(recipe.command.contains { $0.hasPrefix(prefix + request().marker) })
  }

  @Test(arguments: [
    ("postgres", "POSTGRES_PASSWORD_FILE"), ("mysql", "MYSQL_ROOT_PASSWORD_FILE"),
    ("mariadb", "MARIADB_ROOT_PASSWORD_FILE"),
  ])
  func theAdministratorsPasswordIsAFile(_ type: String, _ variable: String) throws {
    let recipe = try #require(server(type)).container(request())
    let path = try #require(recipe.environment[variable])
    let file = try #require(recipe.files.first { $0.path == path })
    #expect(file.contents == Secrets.administrator)
  }

  /// The image's own user, whose number is not known here, reads them; nobody may write them.
  @Test(arguments: serverTypes)
  func filesAreReadableInsideAndNotWritable(_ type: String) throws {
    let recipe = try #require(server(type)).container(request())
    #expect(recipe.files.allSatisfy { $0.mode == 0o444 })
    // In a folder of drydock's own, but for what clients read from where they look for it.
    #expect(
      recipe.files.allSatisfy {
        $0.path.hasPrefix("/drydock/") || $0.path.hasPrefix("/etc/mysql/conf.d/drydock")
      })
  }

  @Test(arguments: [
    ("postgres", "/var/lib/postgresql/data"), ("mysql", "/var/lib/mysql"), ("mariadb", "/var/lib/mysql"),
    ("redis", "/data"), ("memcached", nil),
  ])
  func dataLiesWhereTheImageKeepsIt(_ type: String, _ path: String?) throws {
    #expect(try #require(server(type)).container(request()).dataPath == path)
  }

  @Test func theMarkerIsTheSameInBothRuntimes() throws {
    let redis = try #require(server("redis"))
    let file = try #require(redis.container(request()).files.first)
    #expect(file.path == "/drydock/\(request().marker).conf")
    #expect(file.contents.contains("port 6379\n"))
  }

  /// A container's ports do not depend on the host's, so that a moved port keeps the data's settings.
  @Test(arguments: serverTypes)
  func theHostsPortIsNoneOfItsBusiness(_ type: String) throws {
    let engine = try #require(server(type))
    #expect(engine.container(request(port: 15000)) == engine.container(request(port: 15001)))
  }

  @Test(arguments: ["postgres", "mysql", "mariadb"])
  func theAdministratorIsNotTheApp(_ type: String) throws {
    let accounts = try #require(server(type)?.accounts)
    #expect(accounts.containerAdministrator != EngineAccounts.app)
    #expect(accounts.nativeAdministrator != EngineAccounts.app)
  }
}
