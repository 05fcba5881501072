import DrydockBase

/// Why a format cannot hold a variable, in words that complete "KEY ...". No reason shows the value.
extension EnvironmentFormat {
  func obstacle(to variable: EnvironmentVariable) -> String? {
    if self == .json { return nil }
    if let obstacle = obstacle(toName: variable.name) { return obstacle }
    if variable.value.unicodeScalars.contains("\0") { return "contains a NUL, which no variable can hold" }
    return switch self {
    case .dotenv: DotenvValue(variable.value).obstacle
    case .docker: DockerLine.obstacle(in: variable)
    // The end of a line there is LF or CR LF, so that a CR before the closing delimiter would be lost.
    case .github: variable.value.unicodeScalars.last == "\r" ? "ends with a carriage return" : nil
    case .shell, .json: nil
    }
  }

  private func obstacle(toName name: String) -> String? {
    if self == .docker { return DockerLine.canName(name) ? nil : "is no name that docker takes" }
    return VariableName.isPortable(name) ? nil : "is no name that a shell can use"
  }
}

/// A line of docker's `--env-file`: all after `=` is the value, and nothing can be quoted.
private enum DockerLine {
  /// Docker reads the file through a buffer of this many bytes a line, the line feed among them.
  private static let longest = 65_536

  static func canName(_ name: String) -> Bool {
    !name.isEmpty && !name.beginsExactly(with: "#")
      && name.unicodeScalars.allSatisfy {
        $0 != "=" && !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
  }

  static func obstacle(in variable: EnvironmentVariable) -> String? {
    if variable.name.utf8.count + variable.value.utf8.count + 2 > longest {
      return "is longer than the 64 KiB that docker reads in a line"
    }
    if variable.value.unicodeScalars.contains("\n") { return "has more than one line" }
    return variable.value.unicodeScalars.last == "\r" ? "ends with a carriage return" : nil
  }
}
