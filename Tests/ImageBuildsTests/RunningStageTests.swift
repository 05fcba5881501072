import Testing

@testable import ImageBuilds

@Suite struct RunningStageTests {
  @Test func carriesAChainOfStagesOut() throws {
    let file = try dockerfile(
      """
      ARG ROOT=/srv
      FROM ruby AS base
      ARG ROOT
      ENV APP=$ROOT/app OLD=1
      WORKDIR $APP
      EXPOSE 3000 53/udp
      COPY Gemfile Gemfile.lock ./
      RUN bundle install
      COPY --chown=app:app . .
      CMD bin/web
      FROM node AS assets
      WORKDIR /other
      COPY . .
      FROM base AS development
      COPY --from=assets /other/dist public
      WORKDIR tmp
      ENV OLD 2 and more
      USER app
      STOPSIGNAL SIGINT
      CMD ["bin/dev", "$APP"]
      FROM base
      """)
    let stage = try file.running(development: true)
    #expect(stage.base == "ruby")
    #expect(stage.environment.map { "\($0.name)=\($0.value ?? "")" } == ["APP=/srv/app", "OLD=2 and more"])
    #expect(stage.workingDirectory == "/srv/app/tmp")
    #expect(stage.command == .init(value: .exec(["bin/dev", "$APP"]), line: 20))
    #expect(stage.arguments == ["bin/dev", "$APP"])
    #expect(stage.user == "app")
    #expect(stage.stopSignal == "SIGINT")
    #expect(stage.exposedPorts == ["3000", "53/udp"])
    #expect(stage.copies.map(\.line) == [7, 9])
    #expect(stage.copies.map(\.runBehind) == [8, nil])
    #expect(stage.copies.map(\.isLive) == [false, true])
    #expect(stage.copies[1].owner == "app:app")
    #expect(stage.stageCopies == [StageCopy(line: 15, from: "assets", stage: 1)])
    #expect(stage.treeDestination == "/srv/app")
    #expect(try file.running(development: false).arguments == ["/bin/sh", "-c", "bin/web"])
  }

  /// Two trees, or one among other sources, say nothing of where the app lies.
  @Test(arguments: [
    ("COPY . /app", "/app"), ("COPY ./ /app/", "/app"), ("ADD [\".\", \"/my app\"]", "/my app"),
    ("WORKDIR /w\nCOPY . .", "/w"), ("COPY . .", "/"), ("COPY . /a\nCOPY . /b", nil), ("COPY . x /a/", nil),
    ("COPY src /app", nil), ("COPY --from=x . /app", nil), ("COPY / /app", "/app"), ("COPY .. /app", "/app"),
  ])
  func findsTheTree(_ instructions: String, _ place: String?) throws {
    #expect(try dockerfile("FROM a\n" + instructions).running(development: false).treeDestination == place)
  }

  @Test func aProgramAndItsArguments() throws {
    func arguments(_ text: String, base: BaseImage = BaseImage()) throws -> [String]? {
      try dockerfile("FROM a\n" + text).running(development: false, base: base).arguments
    }
    let base = BaseImage(command: ["irb"], entrypoint: ["/entry"])
    #expect(try arguments("") == nil)
    #expect(try arguments("", base: base) == ["/entry", "irb"])
    #expect(try arguments("CMD [\"x\"]", base: base) == ["/entry", "x"])
    #expect(try arguments("ENTRYPOINT [\"e\"]", base: base) == ["e"])
    #expect(try arguments("CMD y\nENTRYPOINT [\"e\"]", base: base) == ["e", "/bin/sh", "-c", "y"])
    #expect(try arguments("ENTRYPOINT exec e\nCMD y") == ["/bin/sh", "-c", "exec e"])
    #expect(try arguments("ENTRYPOINT []\nCMD [\"y\"]", base: base) == ["y"])
    #expect(try arguments("SHELL [\"/bin/bash\", \"-ec\"]\nCMD y") == ["/bin/bash", "-ec", "y"])
    #expect(try arguments("CMD [\"x\", 1]") == ["/bin/sh", "-c", "[\"x\", 1]"])
  }

  @Test func takesABaseImagesValues() throws {
    let base = BaseImage(environment: ["HOME": "/h"], workingDirectory: "/base", user: "node")
    let stage = try dockerfile("FROM a\nWORKDIR in\nCOPY x $HOME/\nCOPY y .").running(
      development: false, base: base)
    #expect(stage.workingDirectory == "/base/in")
    #expect(stage.user == "node")
    #expect(stage.copies.map(\.destination) == ["/h", "/base/in"])
    #expect(stage.environment.isEmpty)
  }

  @Test(arguments: [
    ("$A", "a"), ("${A}x", "ax"), ("$AB", ""), ("'$A'", "$A"), ("\"$A b\"", "a b"), ("\\$A", "$A"),
    ("${B:-d}", "d"), ("${E:-d}", "d"), ("${E-d}", ""), ("${A:-d}", "a"), ("${A:+d}", "d"), ("${B+d}", ""),
    ("${B:-${A}-x}", "a-x"), ("${A?no}", "${A?no}"), ("$", "$"), ("${", "${"), ("a\\", "a"), ("$1x", "x"),
    ("\"a\\\"b\\n\"", "a\"b\\n"),
  ])
  func putsValuesIn(_ text: String, _ result: String) throws {
    let expansion = VariableExpansion(escape: UInt8(ascii: "\\"), values: ["A": "a", "E": ""])
    #expect(try expansion.expand(text) == result)
  }

  @Test func whereFilesGo() throws {
    let file = try dockerfile(
      """
      FROM a
      WORKDIR /app
      COPY . .
      COPY package*.json ./
      COPY conf/app.conf /etc/app.conf
      COPY lib/*/src [abc]d /x/
      COPY one.txt /app
      """)
    let copies = try file.running(development: false).copies
    #expect(copies[0].destination(of: "a/b.rb") == "/app/a/b.rb")
    #expect(copies[1].destination(of: "package-lock.json") == "/app/package-lock.json")
    #expect(copies[1].destination(of: "sub/package.json") == nil)
    #expect(copies[2].destination(of: "conf/app.conf") == "/etc/app.conf")
    #expect(copies[3].destination(of: "lib/q/src/deep/f") == "/x/deep/f")
    #expect(copies[3].destination(of: "bd/f") == "/x/f")
    #expect(copies[3].destination(of: "dd/f") == nil)
    #expect(copies[4].destination(of: "one.txt") == "/app/one.txt")
  }

  /// Each line doubles the one before: sixty of them would fill any memory.
  @Test func valuesThatGrowAreRefused() throws {
    let lines = (0..<60).map { _ in "ENV A=${A}${A}\(String(repeating: "x", count: 10))" }
    let file = try dockerfile("FROM a\n" + lines.joined(separator: "\n"))
    let error = try #require(throws: DockerfileError.self) { _ = try file.running(development: false) }
    #expect(error.line > 10)
  }

  @Test func aPathThatNoKernelTakesIsRefused() throws {
    let lines = Array(repeating: "WORKDIR " + String(repeating: "d", count: 100), count: 50)
    let file = try dockerfile("FROM a\n" + lines.joined(separator: "\n"))
    let error = try #require(throws: DockerfileError.self) { _ = try file.running(development: false) }
    #expect(error.line == 42)
  }
}
