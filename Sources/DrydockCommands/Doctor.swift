import ArgumentParser
import Emulator
import Services
import TerminalProgress
import TestInstances

/// `drydock doctor`.
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Say what is here and what is missing, each with one command that mends it.",
    discussion: """
      Examples:
        drydock doctor
        drydock doctor --format json
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common.shared)
    let findings =
      await Examination(context: session.context).run()
      + ServiceExamination(context: session.context).run()
      + [TestExamination(context: session.context).run()].compactMap { $0 }
    if common.format == .json { return try session.console.print(json: findings) }
    let style = Style(colour: session.console.colours)
    for finding in findings {
      let mark =
        switch finding.verdict {
        case .fine: style.green("ok  ")
        case .warning: style.yellow("warn")
        case .missing: style.red("miss")
        }
      let text = TerminalText.message("\(finding.subject): \(finding.detail)")
      session.console.printUnchanged("\(mark)  \(text)")
      if let remedy = finding.remedy { session.console.printUnchanged("      \(TerminalText.line(remedy))") }
    }
  }
}
