import ArgumentParser
import ConvoxEnvironment
import Emulator
import Services
import Testing

@testable import DrydockBase
@testable import DrydockCommands
@testable import Planning
@testable import Resources

/// A command line as a command of that type.
func parse<Command: ParsableCommand>(_ words: String..., as type: Command.Type = Command.self) throws
  -> Command
{
  try #require(try Drydock.parseAsRoot(words) as? Command)
}

@Suite struct ParsingTests {
  /// One command is tried before the tree of all; what comes out has to be the same.
  @Test(arguments: [
    "up", "up mydb --timeout 2", "env", "env web", "env web --format shell", "env set A=b C=d", "env get K",
    "env list",
    "run web -- true --flag", "run --no-mounts web sh -c x", "ps --all", "resources",
    "resources list --app shop",
    "rack resources", "rack resources list", "test --serve", "cache", "params", "params set a=1",
    "down --all --yes",
    "timers", "volumes", "replica pause r",
  ])
  func oneCommandIsParsedAsTheTreeWouldParseIt(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    var (alone, inTree) = ("", "")
    dump(try Drydock.command(in: words), to: &alone)
    dump(try Drydock.parseAsRoot(words), to: &inTree)
    #expect(alone == inTree)
  }

  @Test(arguments: [
    "", "--help", "help", "help up", "up --help", "env --help", "env web --help", "--version", "up --nothing",
    "env set", "run", "ps extra", "--generate-completion-script bash", "up --timeout x", "help env set",
  ])
  func whatOneCommandDoesNotTakeIsTheTreesToAnswer(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    func answer(_ parse: ([String]) throws -> any ParsableCommand) -> String {
      do { return String(describing: type(of: try parse(words))) } catch {
        return Drydock.fullMessage(for: error)
      }
    }
    #expect(answer(Drydock.command) == answer { try Drydock.parseAsRoot($0) })
  }

  @Test func up() throws {
    let plain = try parse("up", as: Up.self)
    #expect(plain.resources.isEmpty && plain.timeout == 120 && plain.ports.isEmpty)
    #expect(!plain.offline && !plain.strictVersion && !plain.dryRun)
    #expect(plain.common.format == .table)
    let full = try parse(
      "up", "mydb", "cache", "--timeout", "1.5", "--offline", "--strict-version", "--port", "mydb=15432",
      "--port",
      "cache=16000", "--dry-run", as: Up.self)
    #expect(full.resources == ["mydb", "cache"])
    #expect(full.timeout == 1.5 && full.offline && full.strictVersion && full.dryRun)
    #expect(full.ports.map(\.resource) == ["mydb", "cache"])
    #expect(full.ports.map(\.port) == [15432, 16000])
  }

  @Test(arguments: [
    "up", "ps", "manifest", "check", "down", "prune", "doctor", "version", "env", "env get K", "env set A=b",
    "env unset A", "logs", "run web", "resources list", "resources info x", "resources url x",
    "resources proxy x", "adopt shop",
  ])
  func theCommonOptionsAreEverywhere(_ command: String) throws {
    var words = command.split(separator: " ").map(String.init)
    let options = [
      "-m", "other.yml", "-a", "shop", "--runtime", "native", "--env-file", "a.env", "--env-file", "b.env",
      "-q", "-v",
    ]
    // What follows a service's name belongs to its command.
    words.insert(contentsOf: options, at: ["env ", "resources "].contains(where: command.hasPrefix) ? 2 : 1)
    let parsed = try Drydock.parseAsRoot(words)
    let shared = try #require(self.shared(parsed))
    #expect(shared.manifest == "other.yml" && shared.app == "shop")
    #expect(shared.runtime == .native)
    #expect(shared.environmentFiles == ["a.env", "b.env"])
    #expect(shared.quiet && shared.verbose)
  }

  private func shared(_ command: any ParsableCommand) -> SharedOptions? {
    switch command {
    case let command as Up: command.common.shared
    case let command as Ps: command.common.shared
    case let command as ManifestCommand: command.common.shared
    case let command as Check: command.common.shared
    case let command as Down: command.common.shared
    case let command as Prune: command.common.shared
    case let command as Adopt: command.common.shared
    case let command as Doctor: command.common.shared
    case let command as VersionCommand: command.common.shared
    case let command as ShowEnv: command.options
    case let command as GetEnv: command.options
    case let command as SetEnv: command.options
    case let command as UnsetEnv: command.options
    case let command as Logs: command.common.shared
    case let command as Start: command.common.shared
    case let command as Stop: command.common.shared
    case let command as Restart: command.common.shared
    case let command as Scale: command.common.shared
    case let command as Open: command.options
    case let command as Exec: command.options
    case let command as Build: command.common.shared
    case let command as Attach: command.options
    case let command as Run: command.options
    case let command as ListResources: command.common.shared
    case let command as ResourceInfo: command.common.shared
    case let command as ResourceURL: command.common.shared
    case let command as ResourceProxy: command.options
    default: nil
    }
  }

  @Test func testServeTakesTheOptionsOfTest() throws {
    let words = DrydockCommands.Test.spelled([
      "test", "serve", "--only", "mydb", "--service", "web", "--format", "shell",
    ])
    let serve = try #require(try Drydock.parseAsRoot(words) as? DrydockCommands.Test)
    #expect(serve.serve && serve.only == ["mydb"] && serve.service == "web" && serve.format == .shell)
    let command = DrydockCommands.Test.spelled(["test", "--", "serve"])
    #expect(try #require(try Drydock.parseAsRoot(command) as? DrydockCommands.Test).words == ["--", "serve"])
  }

  @Test func resources() throws {
    #expect(try parse("resources", as: ListResources.self).common.format == .table)
    #expect(try parse("resources", "--format", "json", as: ListResources.self).common.format == .json)
    #expect(try parse("resources", "info", "mydb", "--exports", as: ResourceInfo.self).exports)
    let proxy = try parse("resources", "proxy", "mydb", "-p", "15001", "-t", as: ResourceProxy.self)
    #expect(proxy.name == "mydb" && proxy.port == 15001 && proxy.tls)
    for port in ["-1", "65536", "x"] {
      #expect(throws: (any Error).self) {
        try Drydock.parseAsRoot(["resources", "proxy", "mydb", "-p=\(port)"])
      }
    }
  }

  @Test func anUnknownVerbOfResourcesIsNamed() {
    let error = Resources.unknownVerb(in: ["resources", "inf", "mydb"])
    #expect(error?.suggestion?.hasPrefix("did you mean info?") == true)
    for words in [
      ["resources"], ["resources", "info"], ["resources", "-q"], ["resources", "help"], ["env", "x"],
    ] {
      #expect(Resources.unknownVerb(in: words) == nil)
    }
  }

  @Test func theLongNamesOfCommonOptions() throws {
    let ps = try parse("ps", "--all", "--manifest", "x.yml", "--app", "shop", "--format", "json", as: Ps.self)
    #expect(ps.all && ps.common.format == .json)
    #expect(ps.common.shared.manifest == "x.yml" && ps.common.shared.app == "shop")
    #expect(try parse("ps", "--quiet", "--verbose", as: Ps.self).common.shared.quiet)
  }

  @Test(arguments: ["up", "ps", "manifest", "check", "down", "prune", "doctor", "version"])
  func listingsTakeAFormat(_ command: String) throws {
    for format in ["table", "json"] { _ = try Drydock.parseAsRoot([command, "--format", format]) }
    #expect(throws: (any Error).self) { try Drydock.parseAsRoot([command, "--format", "yaml"]) }
  }

  @Test(arguments: [
    ("dotenv", EnvironmentFormat.dotenv), ("docker", .docker), ("shell", .shell), ("json", .json),
    ("github", .github),
  ])
  func envShowsByDefault(_ name: String, _ format: EnvironmentFormat) throws {
    let show = try parse(
      "env", "web", "--format", name, "--for", "container", "--write", ".env", as: ShowEnv.self)
    #expect(show.service == "web" && show.format == format)
    #expect(show.viewpoint == .container && show.write == ".env")
    let all = try parse("env", as: ShowEnv.self)
    #expect(all.service == nil && all.format == .dotenv && all.viewpoint == .host && all.write == nil)
  }

  @Test func theAppEnv() throws {
    #expect(try parse("env", "set", "A=b", "C=d=e", as: SetEnv.self).pairs == ["A=b", "C=d=e"])
    #expect(try parse("env", "set", as: SetEnv.self).pairs.isEmpty)
    #expect(try parse("env", "unset", "A", "B", as: UnsetEnv.self).keys == ["A", "B"])
    #expect(try parse("env", "get", "A", as: GetEnv.self).key == "A")
    #expect(try parse("env", "set", "--from", ".env", as: SetEnv.self).file == ".env")
    #expect(try parse("env", "list", "--format", "json", as: ListEnv.self).common.format == .json)
    let copy = try parse("env", "copy", "--from", "shop", as: CopyEnv.self)
    #expect(copy.source == "shop" && !copy.overwrite)
  }

  @Test(arguments: [
    (["web", "--", "bin/web", "-v", "--", "x"], ["--", "bin/web", "-v", "--", "x"]),
    (["web", "sh", "-c", "echo $X"], ["sh", "-c", "echo $X"]),
    (["web", "cmd", "--help"], ["cmd", "--help"]),
    (["web", "cmd", "-q", "--app", "y"], ["cmd", "-q", "--app", "y"]), (["web"], []),
  ])
  func runPassesItsCommandOn(_ words: [String], _ command: [String]) throws {
    let run = try #require(try Drydock.parseAsRoot(["run"] + words) as? Run)
    #expect(run.service == "web")
    #expect(run.command == command)
    #expect(!run.options.quiet && run.options.app == nil)
  }

  @Test func logs() throws {
    let logs = try parse("logs", "mydb", "-f", "--tail", "100", as: Logs.self)
    #expect(logs.names == ["mydb"] && logs.follow && logs.tail == 100)
    #expect(try parse("logs", "--follow", "--tail", "0", as: Logs.self).follow)
    #expect(try parse("logs", as: Logs.self).tail == nil)
    #expect(throws: (any Error).self) { try parse("logs", "--follow", "--until", "5m", as: Logs.self) }
    #expect(throws: (any Error).self) { try parse("logs", "--since", "soon", as: Logs.self) }
  }

  @Test func services() throws {
    let start = try parse("start", "web", "--services", "process", "--detach", as: Start.self)
    #expect(start.services == ["web"] && start.way == .process && start.detach)
    #expect(try parse("start", as: Start.self).way == .auto)
    #expect(throws: (any Error).self) { try parse("start", "--detach", "--exit-on-failure", as: Start.self) }
    #expect(throws: (any Error).self) { try parse("start", "--services", "pod", as: Start.self) }
    #expect(try parse("stop", "web", as: Stop.self).services == ["web"])
    #expect(try parse("restart", as: Restart.self).names.isEmpty)
    let scale = try parse("scale", "web=3", "worker=0", as: Scale.self)
    #expect(scale.counts.map(\.service) == ["web", "worker"] && scale.counts.map(\.count) == [3, 0])
    for wrong in ["web", "web=-1", "web=x", "=2", "web=101"] {
      #expect(throws: (any Error).self) { try parse("scale", wrong, as: Scale.self) }
    }
  }

  @Test func execAndAttach() throws {
    let exec = try parse("exec", "-q", "web.2", "--", "ls", "-q", "--app", "x", as: Exec.self)
    #expect(exec.service == "web.2" && exec.options.quiet && exec.options.app == nil)
    #expect(exec.command == ["--", "ls", "-q", "--app", "x"])
    #expect(try parse("attach", "web", as: Attach.self).service == "web")
    #expect(try parse("start", "--tty", "web", "--tty", "api", as: Start.self).terminals == ["web", "api"])
  }

  @Test func imagesVolumesAndTimers() throws {
    let build = try parse("build", "web", "--no-cache", as: Build.self)
    #expect(build.services == ["web"] && build.noCache)
    let start = try parse("start", "--no-build", "--aws-limits", as: Start.self)
    #expect(start.noBuild && start.awsLimits)
    #expect(throws: (any Error).self) { try parse("start", "--no-build", "--no-cache", as: Start.self) }
    #expect(try parse("volumes", "--format", "json", as: ListVolumes.self).common.format == .json)
    let remove = try parse("volumes", "rm", "/data", "uploads", "-y", as: RemoveVolumes.self)
    #expect(remove.names == ["/data", "uploads"] && remove.yes)
    #expect(throws: (any Error).self) { try parse("volumes", "rm", as: RemoveVolumes.self) }
    #expect(try parse("timers", "run", "tally", as: RunTimer.self).name == "tally")
    #expect(try parse("restart", "web", "mydb", as: Restart.self).names == ["web", "mydb"])
    #expect(try parse("logs", "--timers", as: Logs.self).timers)
  }

  @Test(arguments: [("10m", 600.0), ("2h30m", 9000), ("1d", 86400), ("1.5s", 1.5)])
  func spans(text: String, seconds: Double) { #expect(LogSpan.seconds(text) == seconds) }

  @Test(arguments: ["", "10", "m", "10x", "-5m", "5m ago"])
  func wrongSpans(text: String) { #expect(LogSpan.seconds(text) == nil) }

  @Test func theRest() throws {
    #expect(try parse("check", "--strict", as: Check.self).strict)
    let down = try parse("down", "mydb", "--delete-data", "--yes", as: Down.self)
    #expect(down.resources == ["mydb"] && down.deleteData && down.yes && !down.all)
    #expect(try parse("down", "--all", "-y", as: Down.self).all)
    #expect(try parse("prune", "--yes", as: Prune.self).yes)
    let warm = try parse("cache", "warm", "postgres", "15", "mariadb", as: WarmCache.self).named
    #expect(warm.map(\.type) == ["postgres", "mariadb"] && warm.map(\.version) == ["15", nil])
    _ = try parse("cache", as: ListCache.self)
    _ = try parse("doctor", as: Doctor.self)
    _ = try parse("version", as: VersionCommand.self)
    _ = try parse("manifest", "--format", "json", as: ManifestCommand.self)
  }

  @Test(arguments: [
    ["nonsense"], ["up", "--nonsense"], ["up", "--timeout", "0"], ["up", "--timeout", "-1"],
    ["up", "--timeout", "soon"], ["up", "--timeout", "inf"], ["up", "--timeout", "nan"],
    ["up", "--timeout", "1e300"], ["up", "--timeout", "1e12"], ["up", "--port", "15432"],
    ["up", "--port", "mydb="], ["up", "--port", "=15432"], ["up", "--port", "mydb=x"],
    ["up", "--port", "mydb=0"],
    ["up", "--port", "mydb=65536"], ["up", "--port", "mydb=-1"], ["up", "--port"],
    ["up", "--runtime", "podman"],
    ["cache", "warm", "15"],
    ["down", "mydb", "--all"], ["logs", "--tail=-1"], ["logs", "--tail", "x"], ["env", "unset"],
    ["env", "get"],
    ["env", "--for", "moon"], ["env", "--format", "table"], ["run"], ["ps", "extra"], ["check", "extra"],
  ])
  func wrongCommandLinesAreAMatterOfUsage(_ words: [String]) throws {
    let error = #expect(throws: (any Error).self) { _ = try Drydock.parseAsRoot(words) }
    let status = Drydock.exitCode(for: try #require(error)).rawValue
    #expect(status == 64)
    // The argument parser prints its own.
    #expect(ErrorReport.print(try #require(error)) == nil)
  }

  @Test(arguments: [
    (["up", "--port", "mydb=x"], "mydb=x"), (["up", "--port", "mydb=65536"], "from 1 to 65535"),
    (["up", "--port", "15432"], "NAME=PORT"), (["up", "--timeout", "0"], "--timeout"),
    (["down", "mydb", "--all"], "--all"), (["up", "--runtime", "podman"], "podman"),
    (["logs", "--tail=-1"], "--tail"),
  ])
  func complaintsNameWhatIsWrong(_ words: [String], _ text: String) throws {
    let error = #expect(throws: (any Error).self) { _ = try Drydock.parseAsRoot(words) }
    #expect(Drydock.message(for: try #require(error)).contains(text))
  }
}

@Suite struct HelpTests {
  private static let commands = Drydock.configuration.subcommands

  @Test(arguments: commands.map { $0._commandName })
  func everyCommandShowsInvocations(_ name: String) throws {
    let command = try #require(Self.commands.first { $0._commandName == name })
    let help = Drydock.helpMessage(for: command)
    #expect(help.contains("  drydock \(name)"))
    #expect(help.contains("Examples:"))
  }

  /// The parser derives a name from the type where none is given, which takes as long as the rest of its work.
  @Test func everyCommandGivesItsName() {
    var commands: [any ParsableCommand.Type] = [Drydock.self]
    while let command = commands.popLast() {
      #expect(command.configuration.commandName != nil, "\(command)")
      commands += command.configuration.subcommands
    }
  }

  /// The parser breaks longer lines a second time, and leaves a word or two on a line of their own.
  @Test func discussionsFitTheNarrowestTerminal() {
    var commands: [any ParsableCommand.Type] = [Drydock.self]
    while let command = commands.popLast() {
      for line in command.configuration.discussion.split(separator: "\n") {
        #expect(line.count < 80, "\(command._commandName): \(line)")
      }
      commands += command.configuration.subcommands
    }
  }

  @Test func theRootShowsWhatTheCommandsAre() {
    let help = Drydock.helpMessage()
    for command in Self.commands { #expect(help.contains("  \(command._commandName) ")) }
    #expect(help.contains("drydock run web -- bin/setup"))
  }

  /// Whoever reads an example types it: those of the help are docs/reference/commands.md too.
  @Test func theInvocationsShownAreValid() throws {
    var commands: [any ParsableCommand.Type] = [Drydock.self]
    var count = 0
    while let command = commands.popLast() {
      commands += command.configuration.subcommands
      let lines = command.configuration.discussion.split(separator: "\n")
      // Also one in the middle of a line of the shell, as "$(drydock ca)".
      for example in lines where example.hasPrefix("  ") {
        for invocation in example.matches(of: #/(?:^ *|\| |\$\()drydock (.*)/#).map(\.output.1) {
          let line = invocation.replacing(#/ {3}.*| (?:\||<|>|&&) .*|\)".*|\)$/#, with: "")
          let words = Test.spelled(line.split(separator: " ").map(String.init))
          #expect(throws: Never.self, "\(example)") { try Self.parse(words[...]) }
          count += 1
        }
      }
    }
    #expect(count > 100)
  }

  /// By the command that is meant, as the parser takes its time to prepare those that are not.
  private static func parse(_ words: ArraySlice<String>) throws {
    var (command, rest): (any ParsableCommand.Type, ArraySlice<String>) = (Drydock.self, words)
    while let next = command.configuration.subcommands.first(where: {
      $0.configuration.commandName == rest.first
    }) {
      command = next
      rest = rest.dropFirst()
    }
    _ = try command.parseAsRoot(Array(rest))
  }

  @Test(arguments: [["--help"], ["help"], ["help", "up"], ["up", "--help"], ["-h"], ["--version"]])
  func helpIsNoFailure(_ words: [String]) throws {
    let error = #expect(throws: (any Error).self) {
      var command = try Drydock.parseAsRoot(words)
      try command.run()
    }
    #expect(Drydock.exitCode(for: try #require(error)) == .success)
    #expect(ErrorReport.print(try #require(error)) == nil)
  }
}
