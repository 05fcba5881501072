import DrydockBase
import Testing

@testable import ImageBuilds

/// Reads a Dockerfile that is right.
func dockerfile(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Dockerfile {
  try Dockerfile(Array(text.utf8), path: "Dockerfile")
}

@Suite struct DockerfileTests {
  @Test func readsStagesAndTheirLines() throws {
    let file = try dockerfile(
      """
      # syntax = docker/dockerfile:1
      # a comment ends the directives
      # escape=`
      ARG BASE=ruby:3

      FROM --platform=linux/amd64 ${BASE} AS Base
      RUN apt-get update \\
        # a comment between
        && apt-get install \\

        -y git
      from base as development
      CMD ["bin/dev"]
      FROM base
      CMD bin/web --port $PORT
      """)
    #expect(file.syntax == .init(image: "docker/dockerfile:1", line: 1))
    #expect(file.stages.map(\.name) == ["base", "development", nil])
    #expect(file.stages.map(\.line) == [6, 12, 14])
    #expect(file.stages[0].platform == "linux/amd64")
    #expect(
      file.stages[0].instructions.map(\.kind) == [
        .run(.shell("apt-get update   && apt-get install   -y git"))
      ])
    #expect(file.target(development: true).name == "development")
    #expect(file.target(development: false).line == 14)
    #expect(try file.baseImage(development: true) == "ruby:3")
    #expect(try file.baseImage(development: true, arguments: ["BASE": "ruby:4"]) == "ruby:4")
  }

  @Test func windowsLineEndsAMarkOfOrderAndAnotherEscape() throws {
    let file = try dockerfile("\u{feff}# escape=`\r\nFROM a\r\nRUN dir `\r\n  c:\\\r\nCMD x\r\n")
    #expect(file.stages[0].instructions.map(\.kind) == [.run(.shell("dir   c:\\")), .command(.shell("x"))])
    #expect(file.stages[0].instructions.map(\.line) == [3, 5])
  }

  @Test func anEscapedEscapeAtTheEndContinuesNothing() throws {
    let file = try dockerfile("FROM a\nRUN echo x\\\\\nCMD y")
    #expect(file.stages[0].instructions.count == 2)
  }

  @Test func readsHeredocs() throws {
    let file = try dockerfile(
      """
      FROM a
      RUN <<EOF
      FROM not-a-stage
      # not a comment
      EOF
      COPY <<-"ONE" <<TWO /dest/
      \t$A
      \tONE
      two
      TWO
      CMD x
      """)
    let instructions = file.stages[0].instructions
    #expect(instructions.map(\.line) == [2, 6, 11])
    #expect(instructions[0].heredocs.map(\.content) == ["FROM not-a-stage\n# not a comment\n"])
    #expect(instructions[1].heredocs.map(\.name) == ["ONE", "TWO"])
    #expect(instructions[1].heredocs.map(\.content) == ["$A\n", "two\n"])
    #expect(instructions[1].heredocs.map(\.expands) == [false, true])
    #expect(file.buildKitNeeds.map(\.line) == [2, 6])
    #expect(file.buildKitNeeds.map(\.isHeredoc) == [true, true])
    #expect(try file.running(development: false).copies.isEmpty)
  }

  /// `<<` inside of a word is a shift, and other instructions have no heredocs.
  @Test func notEveryPairOfSignsBeginsAHeredoc() throws {
    let file = try dockerfile("FROM a\nRUN echo $((1<<2)) && cat <<<x\nCMD cat <<EOF")
    #expect(file.buildKitNeeds.isEmpty)
    #expect(file.stages[0].instructions.count == 2)
  }

  @Test(arguments: [
    ("", 0, "it has no FROM"),
    ("# only a comment\n", 0, "it has no FROM"),
    ("RUN x\nFROM a", 1, "only ARG may stand before the first FROM"),
    ("FROM", 1, "FROM wants something behind it"),
    ("FROM a b", 1, "FROM takes an image, or an image AS a name"),
    ("FROM a AS 1", 1, "\"1\" cannot be the name of a stage"),
    ("FROM a\n\nRUM x", 3, "there is no instruction \"RUM\""),
    ("FROM a\nCOPY x", 2, "COPY wants at least a source and a destination"),
    ("FROM a\nENV A", 2, "ENV A has no value: write A=…"),
    ("FROM a\nENV A=1 B", 2, "ENV B has no value: write B=…"),
    ("FROM a\nARG =x", 2, "ARG has a value without a name"),
    ("FROM a\nRUN <<EOF\nx", 2, "the heredoc <<EOF has no end"),
    ("# escape=x\nFROM a", 1, "the escape is neither \\ nor `"),
    ("# escape=`\n# escape=`\nFROM a", 2, "the directive \"escape\" is there twice"),
    ("FROM a\nSHELL bash", 2, "SHELL wants the form [\"…\"]"),
  ])
  func locatesWhatIsWrong(_ text: String, _ line: Int, _ message: String) throws {
    let error = try #require(throws: DockerfileError.self) { _ = try dockerfile(text) }
    #expect(error.line == line)
    #expect(error.message == message)
    let place = line > 0 ? "Dockerfile:\(line)" : "Dockerfile"
    #expect(error.drydockError(place: "").message == "\(place): \(message)")
    #expect(error.drydockError(place: "").code == .manifestInvalid)
  }

  @Test func namesWhatNeedsBuildKit() throws {
    let file = try dockerfile(
      """
      # syntax=docker/dockerfile:1
      FROM --platform=$BUILDPLATFORM a AS build
      ARG TARGETARCH
      ARG MINE TARGETOS=linux
      RUN --mount=type=cache,target=/x make
      COPY --chown=1:1 . .
      COPY --link --chmod=755 a b
      """)
    #expect(
      file.buildKitNeeds.map { "\($0.line) \($0.what)" } == [
        "2 FROM --platform=$BUILDPLATFORM", "3 ARG TARGETARCH", "5 RUN --mount", "7 COPY --link",
        "7 COPY --chmod",
      ])
    #expect(try dockerfile("# syntax=docker/dockerfile:1\nFROM a\nRUN x").buildKitNeeds.isEmpty)
  }

  @Test func takesBuildArgumentsFromTheEnvironmentByTheirNames() throws {
    let file = try dockerfile("ARG BASE\nFROM a\nARG TOKEN=x OTHER\nFROM b\nARG LATE")
    let environment = ["BASE": "b", "TOKEN": "t", "LATE": "l", "SECRET": "s"]
    #expect(
      file.buildArguments(from: environment) == ["BASE": "b", "TOKEN": "t", "LATE": "l"])
    #expect(
      file.buildArguments(from: environment, written: ["TOKEN=own=x", "SECRET", "NONE"])
        == ["BASE": "b", "TOKEN": "own=x", "LATE": "l", "SECRET": "s"])
  }
}
