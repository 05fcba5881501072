public import HealthProbes

/// Where an engine's own clients run, and what they reach there.
public struct ClientPlace: Sendable, Hashable {
  /// The server's port on 127.0.0.1.
  public var port: Int
  /// The app's password; empty where the engine takes none.
  public var password: String
  /// Where the files of a recipe lie.
  public var folder: String
  /// The certificate authority, for a server that takes TLS alone; a path to a PEM file there.
  public var authorityFile: String?
  /// The server's Unix socket, where clients reach it: it lies in a folder that nobody else can enter, so no stranger
  /// answers there. Nil where they go by the port.
  public var socket: String?

  /// A place.
  public init(
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
public struct ClientRecipe: Sendable, Hashable {
  /// The tool, by the name under which `NativeSearch.tools` has it.
  public var tool: String
  /// Its arguments.
  public var arguments: [String]
  /// Its variables.
  public var environment: [String: String]
  /// Files that it reads, for the eyes of its user only.
  public var files: [RecipeFile]
  /// Variables of the user's that would send it elsewhere.
  public var hiddenVariables: [String]

  /// A recipe of a client.
  public init(
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
public enum ConsoleMethod: Sendable, Hashable {
  /// By the engine's own client.
  case client(ClientRecipe)
  /// By a prompt of drydock's, line by line in the server's own text protocol, for an engine without a client.
  case lines
}

/// How a resource's data is taken out and put in.
public enum TransferMethod: Sendable {
  /// By the engine's own tools: their output is the data, and their input takes it.
  case tools(ToolTransfer)
  /// By a conversation with the server.
  case server(@Sendable (ProbeTarget) -> any ServerTransfer)
  /// As an archive of a directory.
  case directory(DirectoryTransfer)
}

/// Data that travels through an engine's own tools.
public struct ToolTransfer: Sendable {
  /// Writes the data to standard output.
  public var export: ClientRecipe
  /// Reads data from standard input, whoever wrote it: it runs no program and opens no file that the data names.
  public var load: ClientRecipe
  /// Reads data that is trusted: the tool's own commands are obeyed.
  public var trustingLoad: ClientRecipe
  /// What keeps the tool from obeying its own commands in the data; nil where `load` does that alone.
  public var lock: ScriptLock?
  /// What the data passes on its way to the tool, trusted or not.
  public var filter: @Sendable (_ isTrusted: Bool) -> (any ScriptFilter)?
  /// What makes an import count once all of its data has been read; without it nothing has changed. Nil where an import
  /// changes the data as it goes.
  public var commit: String?
  /// How the tool's dumps begin and end, by which a dump that was cut short is recognised.
  public var marks: DumpMarks
  /// Formats that the tool cannot read, by their first bytes, with what to do about each.
  public var foreignFormats: [String: String]
  /// Finds the failing line and its message in what the tool said.
  public var failure: @Sendable (String) -> ImportFailure?

  /// A transfer by tools.
  public init(
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
public struct ScriptLock: Sendable {
  /// They stand before the script's first line, and on that line, so that the tool counts lines as the script does. The
  /// argument is a key that nobody can guess: who knows it can open the lock.
  public var words: @Sendable (_ key: String) -> String
  /// What a tool says that is too old to know them.
  public var refusal: String

  /// A lock.
  public init(refusal: String, words: @escaping @Sendable (_ key: String) -> String) {
    self.words = words
    self.refusal = refusal
  }
}

/// Changes a script on its way to a tool. Its pieces may be cut anywhere.
public protocol ScriptFilter: Sendable {
  /// Takes the next piece and gives what is to be handed on.
  /// - Throws: `ScriptRefusal`, before anything that would do harm is handed on.
  mutating func take(_ bytes: [UInt8]) throws -> [UInt8]
  /// What is still to be handed on at the script's end.
  mutating func finish() -> [UInt8]
}

/// A script that no tool gets to see.
public struct ScriptRefusal: Error, Sendable, Hashable {
  /// Why: what is in it.
  public var reason: String
  /// What to do about it.
  public var remedy: String { ImportFailure.untrusted }
}

/// Words by which a tool's whole dump is told from one that was cut short.
public struct DumpMarks: Sendable, Hashable {
  /// What stands near the beginning of a dump, by the tools that make them.
  public var starts: [String]
  /// What stands near the end of a whole one.
  public var end: String

  /// Marks of a dump.
  public init(starts: [String], end: String) {
    self.starts = starts
    self.end = end
  }
}

/// Where an import failed.
public struct ImportFailure: Sendable, Hashable {
  /// The line of the input, from 1.
  public var line: Int
  /// What the engine says of it.
  public var message: String
  /// What to do about it, where that is known.
  public var remedy: String?

  /// A failing line.
  public init(line: Int, message: String, remedy: String? = nil) {
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
public struct DirectoryTransfer: Sendable, Hashable {
  /// The tool that packs and unpacks.
  public var tool: String
  /// Its arguments to write an archive of the directory it runs in to standard output.
  public var pack: [String]
  /// Its arguments to unpack an archive from standard input into the directory it runs in.
  public var unpack: [String]
  /// Exit codes of packing that are no failure.
  public var harmlessCodes: Set<Int>

  /// A transfer by archive.
  public init(tool: String, pack: [String], unpack: [String], harmlessCodes: Set<Int> = []) {
    self.tool = tool
    self.pack = pack
    self.unpack = unpack
    self.harmlessCodes = harmlessCodes
  }
}
