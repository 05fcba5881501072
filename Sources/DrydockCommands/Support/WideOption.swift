import ArgumentParser
import TerminalProgress

/// `--wide`, for the commands that print a table: without it, a table fits the terminal.
struct WideOption: ParsableArguments {
  @Flag(help: "Whole lines and every column, however narrow the terminal is.")
  var wide = false
}

extension Console {
  /// Prints a table: as wide as it is into a file or a pipe, else so that it fits the terminal.
  /// - Parameter steps: How it gives way where the terminal is narrower.
  func print(_ table: Table, _ steps: [TableStep], _ option: WideOption) {
    print(table.rendered(screen: screen(isWide: option.wide), steps: steps))
  }
}
