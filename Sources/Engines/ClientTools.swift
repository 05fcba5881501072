package import HealthProbes

/// Where an engine's own clients run, and what they reach there.
package struct ClientPlace: Sendable, Hashable {
  /// The server's port on 127.0.0.1.
  package var port: Int
  /// The app's password; empty where the engine takes none.
  package var password: String
  /// Where the files of a recipe lie.
  package var folder: String
  /// The certificate authority, for a server that takes TLS alone; a path to a PEM file there.
  package var authorityFile: String?
  /// The server's Unix socket, where clients reach it: it lies in a folder that nobody else can enter, so no stranger
  /// answers there. Nil where they go by the port.
  package var socket: String?

  /// A place.
  package init(
    port: Int, password: String, folder: String, authorityFile: String? = nil, socket: String? = nil
  ) {
    self.socket = socket
    self.port = port
    self.password = password
    self.folder = folder
    self.authorityFile = authorityFile
  }
}

/// How one of an engine's own clients is run. Its password is in a file or in its environment, which only its user may
/// read, never among its arguments.
package struct ClientRecipe: Sendable, Hashable {
  /// The tool, by the name under which `NativeSearch.tools` has it.
  package var tool: String
  /// Its arguments.
  package var arguments: [String]
  /// Its variables.
  package var environment: [String: String]
  /// Files that it reads, for the eyes of its user only.
  package var files: [RecipeFile]
  /// Variables of the user's that would send it elsewhere.
  package var hiddenVariables: [String]

  /// A recipe of a client.
  package init(
    _ tool: String, _ arguments: [String], environment: [String: String] = [:], files: [RecipeFile] = [],
    hiddenVariables: [String] = []
  ) {
    self.hiddenVariables = hiddenVariables
    self.tool = tool
    self.arguments = arguments
    self.environment = environment
    self.files = files
  }
}

/// How a person talks to a server.
package enum ConsoleMethod: Sendable, Hashable {
  /// By the engine's own client.
  case client(ClientRecipe)
  /// By a prompt of drydock's, line by line in the server's own text protocol, for an engine without a client.
  case lines
}

/// How a resource's data is taken out and put in.
package enum TransferMethod: Sendable {
  /// By the engine's own tools: their output is the data, and their input takes it.
  case tools(ToolTransfer)
  /// By a conversation with the server.
  case server(@Sendable (ProbeTarget) -> any ServerTransfer)
  /// As an archive of a directory.
  case directory(DirectoryTransfer)
}

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
  /// What the data passes on its way to the tool, trusted or not.
  package var filter: @Sendable (_ isTrusted: Bool) -> (any ScriptFilter)?
  /// What makes an import count once all of its data has been read; without it nothing has changed. Nil where an import
  /// changes the data as it goes.
  package var commit: String?
  /// How the tool's dumps begin and end, by which a dump that was cut short is recognised.
  package var marks: DumpMarks
  /// Formats that the tool cannot read, by their first bytes, with what to do about each.
  package var foreignFormats: [String: String]
  /// Finds the failing line and its message in what the tool said.
  package var failure: @Sendable (String) -> ImportFailure?

  /// A transfer by tools.
  package init(
    export: ClientRecipe, load: ClientRecipe, trustingLoad: ClientRecipe, lock: ScriptLock? = nil,
    filter: @escaping @Sendable (_ isTrusted: Bool) -> (any ScriptFilter)? = { _ in nil }, commit: String?,
    marks: DumpMarks,
    foreignFormats: [String: String] = [:], failure: @escaping @Sendable (String) -> ImportFailure?
  ) {
    self.export = export
    self.load = load
    self.trustingLoad = trustingLoad
    self.lock = lock
    self.filter = filter
    self.commit = commit
    self.marks = marks
    self.foreignFormats = foreignFormats
    self.failure = failure
  }
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
  mutating func finish() -> [UInt8]
}

/// A script that no tool gets to see.
package struct ScriptRefusal: Error, Sendable, Hashable {
  /// Why: what is in it.
  package var reason: String
  /// What to do about it.
  package var remedy: String { ImportFailure.untrusted }
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

  /// The first failure that a tool's words report by this pattern, whose captures are the line and the message.
  static func first(in text: String, _ pattern: @Sendable () -> Regex<(Substring, Substring, Substring)>)
    -> ImportFailure?
  {
    guard let match = text.firstMatch(of: pattern()), let line = Int(match.output.1) else { return nil }
    return ImportFailure(line: line, message: String(match.output.2))
  }
}

/// Data that travels as an archive of a directory.
package struct DirectoryTransfer: Sendable, Hashable {
  /// The tool that packs and unpacks.
  package var tool: String
  /// Its arguments to write an archive of the directory it runs in to standard output.
  package var pack: [String]
  /// Its arguments to unpack an archive from standard input into the directory it runs in.
  package var unpack: [String]
  /// Exit codes of packing that are no failure.
  package var harmlessCodes: Set<Int>

  /// A transfer by archive.
  package init(tool: String, pack: [String], unpack: [String], harmlessCodes: Set<Int> = []) {
    self.tool = tool
    self.pack = pack
    self.unpack = unpack
    self.harmlessCodes = harmlessCodes
  }
}
