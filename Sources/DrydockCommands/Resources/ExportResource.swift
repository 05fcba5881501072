import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import Engines
import Essentials
import Resources
import Transfer

/// `drydock resources export`.
struct ExportResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a resource's data to a file or to standard output.",
    discussion: """
      The format depends on the type:
        \(ExportFormat.allCases.map(Self.types).joined(separator: "\n  "))
      A file whose name ends in .gz is compressed. It appears once it is complete.

      Examples:
        drydock resources export mydb -f mydb.sql.gz
        drydock resources export mydb | psql "$OTHER_URL"
      """)

  /// `SQL: postgres, mysql`.
  private static func types(_ format: ExportFormat) -> String {
    let engines = ResourceCatalog.builtIn.engines.filter { $0.exportFormat == format }
    return "\(format.rawValue): \(engines.map(\.resourceType.name).joined(separator: ", "))"
  }

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @Option(name: .shortAndLong, help: "The file to write; else standard output.", completion: .file())
  var file = "-"

  @OptionGroup var options: SharedOptions

  func run() async throws {
    try await asConvoxTransfer {
      let session = Session(options)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      let output = DumpFile(file)
      if output.isStandard, isatty(STDOUT_FILENO) == 1, target.engine?.exportFormat?.isText == false {
        throw DrydockError(
          .failed, "the export of a \(target.type) is no text for a terminal",
          suggestion: "drydock resources export \(name) -f FILE")
      }
      let display = TransferDisplay(
        session.console, name: name, verb: "exported",
        isShown: !output.isStandard || isatty(STDOUT_FILENO) == 0)
      let transfer = ResourceTransfer(context: session.context, target: target, progress: display.update)
      let isShown = output.isStandard && isatty(STDOUT_FILENO) == 1
      try await display.following {
        try await output.write { sink in
          guard isShown else { return try await transfer.export(to: sink) }
          try await TerminalSink(sink).showing { try await transfer.export(to: $0) }
        }
      }
    }
  }
}
