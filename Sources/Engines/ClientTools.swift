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
