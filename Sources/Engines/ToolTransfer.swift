package import HealthProbes

/// Data that travels through an engine's own tools.
package struct ToolTransfer: Sendable {
  /// Writes the data to standard output.
  package var export: ClientRecipe
  /// Reads data from standard input, whoever wrote it: it runs no program and opens no file that the data names.
  package var load: ClientRecipe
  /// Reads data that is trusted: the tool's own commands are obeyed.
  package var trustingLoad: ClientRecipe
  /// What keeps the tool from obeying its own commands in the data; nil where `load` does that alone.
  package var lock: ScriptLock?
  /// What the data passes on its way to the tool, trusted or not, one after the other. The server is asked as the app.
  package var filters: @Sendable (_ isTrusted: Bool, _ server: ProbeTarget) async throws -> [any ScriptFilter]
  /// What makes an import count once all of its data has been read; without it nothing has changed. Nil where an import
  /// changes the data as it goes.
  package var ending: (@Sendable (_ nonce: String, _ isTrusted: Bool) -> ScriptEnding)?
  /// Makes a server ready whose data an import changes as it goes; nil where none of that is needed.
  package var preparation: ServerPreparation?
  /// How the tool's dumps begin and end, by which a dump that was cut short is recognised.
  package var marks: DumpMarks
  /// Formats that another tool turns into what `load` reads.
  package var converters: [ScriptConverter]
  /// Takes away what the data would stand in place of, in one line, so that the tool counts lines as the script does.
  package var clearing: String
  /// Finds the failing line and its message in what the tool said.
  package var failure: @Sendable (String) -> ImportFailure?

  /// A transfer by tools.
  package init(
    export: ClientRecipe, load: ClientRecipe, trustingLoad: ClientRecipe, lock: ScriptLock? = nil,
    filters:
      @escaping @Sendable (_ isTrusted: Bool, _ server: ProbeTarget) async throws
      -> [any ScriptFilter],
    ending: (@Sendable (_ nonce: String, _ isTrusted: Bool) -> ScriptEnding)? = nil,
    preparation: ServerPreparation? = nil,
    marks: DumpMarks, converters: [ScriptConverter] = [], clearing: String,
    failure: @escaping @Sendable (String) -> ImportFailure?
  ) {
    self.export = export
    self.load = load
    self.trustingLoad = trustingLoad
    self.lock = lock
    self.filters = filters
    self.ending = ending
    self.preparation = preparation
    self.marks = marks
    self.converters = converters
    self.clearing = clearing
    self.failure = failure
  }
}

/// Makes a server ready for an import, as its administrator.
package typealias ServerPreparation =
  @Sendable (_ administrator: ProbeTarget) async throws -> PreparedServer

/// A server that was made ready for an import that changes the data as it goes.
package struct PreparedServer: Sendable {
  /// Puts it back as it was.
  package var putBack: @Sendable () async -> Void
  /// Ends what it still does for a client that is gone: on a full disk, or for a long statement, it does not notice by itself.
  package var endWork: @Sendable () async -> Void
  /// The tables that were made or changed meanwhile, the last one first; nil where it does not answer.
  package var changedTables: @Sendable () async -> [String]?
}

/// The last words of a script, behind which everything counts.
package struct ScriptEnding: Sendable, Hashable {
  /// What ends a statement that the script leaves open.
  package var closing: String
  package var words: String
  /// What the tool writes once they have been carried out. It is not in the words as it is written, so that a script that
  /// takes them for data of its own does not show it.
  package var proof: String

  /// What is to follow a script.
  package func text(endsStatement: Bool) -> String { (endsStatement ? closing : "\n") + words }
}

/// Turns a format of its own into a script.
package struct ScriptConverter: Sendable {
  /// Whether data that begins so is of that format.
  package var recognises: @Sendable (_ head: [UInt8]) -> Bool
  /// Reads the data from standard input, and writes the script to standard output.
  package var recipe: ClientRecipe
  /// The first major version of the tool that can.
  package var since: Int
}

/// The words behind which a tool takes no command of its own from a script.
package struct ScriptLock: Sendable {
  /// They stand before the script's first line, and on that line, so that the tool counts lines as the script does. The
  /// argument is a key that nobody can guess: who knows it can open the lock.
  package var words: @Sendable (_ key: String) -> String
  /// What a tool says that is too old to know them.
  package var refusal: String

  /// A lock.
  package init(refusal: String, words: @escaping @Sendable (_ key: String) -> String) {
    self.words = words
    self.refusal = refusal
  }
}

/// Changes a script on its way to a tool. Its pieces may be cut anywhere.
package protocol ScriptFilter: Sendable {
  /// Takes the next piece and gives what is to be handed on.
  /// - Throws: `ScriptRefusal`, before anything that would do harm is handed on.
  mutating func take(_ bytes: [UInt8]) throws -> [UInt8]
  /// What is still to be handed on at the script's end.
  /// - Throws: `ScriptRefusal`.
  mutating func finish() throws -> [UInt8]
  /// What of the script was left out or changed so far, in words for a user.
  var remarks: [String] { get }
  /// Whether the script has left the transaction alone in which it runs.
  var isOneTransaction: Bool { get }
  /// Whether the script, as far as it has come, ends in the midst of a statement.
  var hasOpenStatement: Bool { get }
}

extension ScriptFilter {
  /// Most change nothing that is worth a word.
  package var remarks: [String] { [] }
  /// Most do not look.
  package var isOneTransaction: Bool { true }
  /// Nor for that.
  package var hasOpenStatement: Bool { false }
}

/// A script that no tool gets to see.
package struct ScriptRefusal: Error, Sendable, Hashable {
  /// Why: what is in it.
  package var reason: String
  /// What to do about it.
  package var remedy: String = ImportFailure.untrusted
}

/// Words by which a tool's whole dump is told from one that was cut short.
package struct DumpMarks: Sendable, Hashable {
  /// What stands near the beginning of a dump, by the tools that make them.
  package var starts: [String]
  /// What stands near the end of a whole one.
  package var end: String

  /// Marks of a dump.
  package init(starts: [String], end: String) {
    self.starts = starts
    self.end = end
  }
}

/// Where an import failed.
package struct ImportFailure: Sendable, Hashable {
  /// The line of the input, from 1.
  package var line: Int
  /// What the engine says of it.
  package var message: String
  /// What to do about it, where that is known.
  package var remedy: String?

  /// A failing line.
  package init(line: Int, message: String, remedy: String? = nil) {
    self.line = line
    self.message = message
    self.remedy = remedy
  }

  /// What to do about a dump that wants more than its data: a program to run, a file to read.
  static let untrusted = """
    a dump may not have the client run programs or open files: take that line out, or trust the dump: \
    drydock resources import --trust-dump
    """

  /// What to do where the data is there already.
  static let replacing = "to have the dump in place of what is there: drydock resources import --replace"

  /// The first failure that a tool's words report by this pattern, whose captures are the line and the message.
  static func first(in text: String, _ pattern: @Sendable () -> Regex<(Substring, Substring, Substring)>)
    -> ImportFailure?
  {
    guard let match = text.firstMatch(of: pattern()), let line = Int(match.output.1) else { return nil }
    return ImportFailure(line: line, message: String(match.output.2))
  }
}
