import ArgumentParser
import Emulator

/// `--rack`, for the commands that work with an app env.
struct RackOption: ParsableArguments {
  @Option(
    name: [.customLong("rack"), .customShort("r")],
    help: ArgumentHelp(
      "The app env kept for a rack, such as acme/production; else the local one.", valueName: "name"),
    completion: NameCompletion.racks)
  var name: String?

  func validate() throws {
    guard let name else { return }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isName =
      parts.count <= 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
      }
    guard isName else { throw ValidationError("--rack takes a name such as acme/production, not '\(name)'") }
  }
}
