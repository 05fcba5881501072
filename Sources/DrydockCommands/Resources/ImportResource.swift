import ArgumentParser
import DrydockBase
import Emulator
import Essentials
import Resources
import Transfer

/// `drydock resources import`.
struct ImportResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Read data into a resource from a file or from standard input.",
    discussion: """
      Existing data stays, unless the import names it or --replace is given. An
      import that fails changes nothing. Where the engine cannot undo changes of a
      schema, what stands before the failing line stays, unless --replace is given,
      and the error says so. gzip and pg_dump's custom and tar formats are
      recognised. A dump runs no program and reads no file, whoever wrote it. What
      belongs to the server that it comes from (owners, the database's name,
      settings) is left out, and you are told.

      Examples:
        drydock resources import mydb -f mydb.sql.gz
        drydock resources import mydb --replace -f mydb.sql.gz
        pg_dump --no-owner "$OTHER_URL" | drydock resources import mydb
      """)

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @Option(name: .shortAndLong, help: "The file to read; else standard input.", completion: .file())
  var file = "-"

  @Flag(
    help: "Let a dump have the engine's client run programs and read files, as it could in a terminal.")
  var trustDump = false

  @Flag(help: "Take away first what is there; asks, unless --yes is given.")
  var replace = false

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @OptionGroup var options: SharedOptions

  func run() async throws {
    try await asConvoxTransfer {
      let session = Session(options)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      let input = DumpFile(file)
      try await confirm(session.console)
      if input.isStandard, isatty(STDIN_FILENO) == 1 {
        session.console.note("reading from the terminal until Ctrl-D; a file: -f FILE")
      }
      let display = TransferDisplay(session.console, name: name, verb: "imported")
      let transfer = ResourceTransfer(
        context: session.context, target: target, isTrusted: trustDump, isReplacing: replace,
        warn: display.warn, progress: display.update)
      var leftOut: String?
      try await display.following {
        try await input.read { source in leftOut = try await transfer.import(from: source) }
      }
      if let leftOut { session.console.note("\(name): \(leftOut)") }
    }
  }

  private func confirm(_ console: Console) async throws {
    guard replace, !yes else { return }
    guard console.isInteractive else {
      throw DrydockError(
        .failed, "--replace takes away all that \(name) holds now", suggestion: "say --yes too")
    }
    guard try await console.confirm("Take away all that \(name) holds now?") else {
      throw DrydockError(.failed, "nothing was changed")
    }
  }
}
