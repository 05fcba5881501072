import ConvoxManifest
import Engines
import Foundation
import Testing

@testable import AppState
@testable import DrydockBase
@testable import Planning

@Suite("App parameters")
struct AppParameterTests {
  @Test(
    "What a password has to be",
    arguments: [
      ("12345678", nil), ("1234567", "8 characters at least"), ("", "8 characters at least"),
      ("abcd/efgh", "/"), ("abcd@efgh", "@"), ("abcd efgh", "a blank"), ("50%abcdef", "%"),
      ("pass#word?", "# ?"), ("pässword1", "ä"), ("with:colon!", nil),
      ("0f8fad5b-d9cb-469f-a165-70867728950e", nil), (String(repeating: "a", count: 129), "at most"),
    ] as [(String, String?)])
  func password(value: String, problem: String?) throws {
    guard let problem else { return try AppParameter.resourcePassword.check(value) }
    let error = try #require(throws: DrydockError.self) { try AppParameter.resourcePassword.check(value) }
    #expect(error.code == .usage)
    #expect(error.message.contains(problem))
    #expect(value.isEmpty || !error.message.contains(value))
  }

  @Test(
    "What a resource asks of it",
    arguments: [
      ("redis", ["encrypted": "false"], 8, nil), ("redis", ["encrypted": "true"], 15, "16 to 128"),
      ("redis", ["encrypted": "true"], 16, nil), ("redis", ["encrypted": "true"], 128, nil),
      ("mysql", [:], 41, nil), ("mariadb", [:], 42, "41 characters at most"), ("postgres", [:], 128, nil),
    ] as [(String, [String: String], Int, String?)])
  func perResource(type: String, options: [String: String], length: Int, problem: String?) throws {
    let engine = try #require(ResourceCatalog.builtIn.engine(type))
    let found = engine.problem(withPassword: String(repeating: "a", count: length), options: options)
    #expect((found == nil) == (problem == nil))
    #expect(problem.map { found?.contains($0) == true } ?? true)
  }

  @Test("An encrypted redis takes fewer characters", arguments: [("!&-", true), ("*", false), ("_", false)])
  func authTokenCharacters(characters: String, isTaken: Bool) throws {
    let redis = try #require(ResourceCatalog.builtIn.engine("redis"))
    let found = redis.problem(withPassword: "abcdefghijklmnop" + characters, options: ["encrypted": "true"])
    #expect((found == nil) == isTaken)
  }

  @Test("A chosen password that does not fit stops an up and shows in check")
  func unfitting() throws {
    var app = PlannedApp()
    let text = PlannedApp.manifest("mysql", "")
    app.state.set(.resourcePassword, to: String(repeating: "a", count: 42))
    let specs = try PlannedApp.specs(text)
    let error = try #require(throws: DrydockError.self) { try PasswordRule.refuse(app.state, specs) }
    #expect(error.code == .manifestInvalid)
    let manifest = try ManifestLoader(catalog: .builtIn).load(
      Array(text.utf8), file: "convox.yml", appEnvironment: [:])
    let findings = manifest.deployedFindings(
      catalog: .builtIn, state: app.state, appEnvironment: [:])
    #expect(findings.map(\.severity) == [.error])
    app.state.isPasswordChosen = nil
    try PasswordRule.refuse(app.state, specs)
  }

  @Test("AutoMinorVersionUpgrade takes true or false", arguments: ["yes", "True", "", "1"])
  func autoMinorVersionUpgrade(value: String) {
    #expect(throws: DrydockError.self) { try AppParameter.autoMinorVersionUpgrade.check(value) }
  }

  @Test("An unknown parameter suggests the nearest")
  func unknown() throws {
    let error = try #require(throws: DrydockError.self) { try AppParameter.named("ResourcePasword") }
    #expect(error.suggestion?.hasPrefix("did you mean ResourcePassword?") == true)
  }

  @Test("Values are kept, and a chosen password is shown masked")
  func shown() {
    var state = PlannedApp().state
    #expect(state.shownParameters == ["AutoMinorVersionUpgrade": "true", "ResourcePassword": ""])
    state.set(.autoMinorVersionUpgrade, to: "false")
    state.set(.resourcePassword, to: "secret-enough")
    #expect(state.shownParameters == ["AutoMinorVersionUpgrade": "false", "ResourcePassword": "****"])
    #expect(!state.upgradesMinorVersions)
    #expect(state.resourcePassword == "secret-enough")
  }

  @Test("A state that an earlier drydock wrote can be read")
  func earlierState() throws {
    var state = PlannedApp().state
    state.set(.autoMinorVersionUpgrade, to: "false")
    state.editAppEnvironment(rack: "acme/production") { $0["A"] = "1" }
    var fields = try #require(
      try JSONSerialization.jsonObject(with: try JSONEncoder().encode(state)) as? [String: Any])
    for name in ["parameters", "isPasswordChosen", "rackEnvironments", "lastRack"] { fields[name] = nil }
    let read = try JSONDecoder().decode(
      InstanceState.self, from: try JSONSerialization.data(withJSONObject: fields))
    #expect(read.upgradesMinorVersions)
    #expect(read.appEnvironment(rack: "acme/production") == [:])
  }
}

@Suite("App envs of racks")
struct RackEnvironmentTests {
  @Test("They lie beside the local one")
  func beside() {
    var state = PlannedApp().state
    state.editAppEnvironment(rack: nil) { $0["SIZE"] = "50" }
    state.editAppEnvironment(rack: "acme/production") { $0["SIZE"] = "200" }
    #expect(state.appEnvironment(rack: nil) == ["SIZE": "50"])
    #expect(state.appEnvironment(rack: "acme/production") == ["SIZE": "200"])
    #expect(state.appEnvironment(rack: "acme/staging") == [:])
    state.editAppEnvironment(rack: "acme/production") { $0["SIZE"] = nil }
    #expect(state.rackEnvironments == nil)
  }

  @Test("One for which nothing is kept is told of, the nearest named")
  func unknown() throws {
    var state = PlannedApp().state
    state.editAppEnvironment(rack: "acme/production") { $0["SIZE"] = "200" }
    #expect(state.unknownRack(nil) == nil)
    #expect(state.unknownRack("acme/production") == nil)
    #expect(try #require(state.unknownRack("acme/producton")).contains("did you mean acme/production?"))
  }
}
