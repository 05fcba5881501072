/// What is wanted of one server: the inputs of every recipe.
package struct ServerRequest: Sendable, Hashable {
  /// A text unique to the instance and resource, by which the server is recognised as ours. At most 60
  /// characters of `[a-z0-9-]`, because MySQL's `report_host` and PostgreSQL's `cluster_name` hold no more.
  package var marker: String
  /// The port on 127.0.0.1.
  package var port: Int
  /// The app's password.
  package var password: String
  /// The password of drydock's own administrator.
  package var administratorPassword: String
  /// The resource's options, defaults included.
  package var options: [String: String]
  /// How its connections are protected; nil for a server without TLS.
  package var security: ServerSecurity?
  /// The version of the server, where it is known before it runs.
  package var version: ServerVersion?
  /// The source, for a read replica.
  package var replica: ReplicaLink?
  /// Whether its data goes with it, so that nothing of it has to reach a disk.
  package var isThrowAway = false

  /// A request for a server.
  package init(
    marker: String, port: Int, password: String, administratorPassword: String,
    options: [String: String] = [:], version: ServerVersion? = nil, replica: ReplicaLink? = nil,
    security: ServerSecurity? = nil
  ) {
    self.marker = marker
    self.port = port
    self.password = password
    self.administratorPassword = administratorPassword
    self.options = options
    self.security = security
    self.version = version
    self.replica = replica
  }

  /// A number by which the MySQL family tells servers apart, made from the marker.
  var serverID: UInt32 {
    marker.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } & 0x7fff_ffff | 1
  }
}

/// A file that a recipe wants to exist before the server starts.
package struct RecipeFile: Sendable, Hashable {
  /// The absolute path, on the host or in the container.
  package var path: String
  /// The content.
  package var contents: String
  /// Permissions; secrets on the host are 0600.
  package var mode: UInt16
  /// The user in the container's image who owns it; nil for root. On the host it is the engine's user.
  package var owner: String?

  /// A file with its content.
  package init(_ path: String, _ contents: String, mode: UInt16 = 0o600, owner: String? = nil) {
    self.path = path
    self.contents = contents
    self.mode = mode
    self.owner = owner
  }
}

/// How a container is made, by the contract that the engine's official image states.
package struct ContainerRecipe: Sendable, Hashable {
  /// The command's arguments; empty for the image's own.
  package var command: [String]
  /// Environment variables. Passwords travel in files, so that inspecting the container shows none.
  package var environment: [String: String]
  /// Those besides that the image's own script reads where it makes the data. A container is as good without them later.
  package var firstEnvironment: [String: String]
  /// Files to place in the container before it starts.
  package var files: [RecipeFile]
  /// Where the image keeps its data, by the server's version; nil when it keeps none.
  package var dataPath: String?
  /// The variable by which an image says where it keeps its data; nil where there is none.
  package var dataVariable: String?
  /// A file that is in every data directory once it was made, by its name there; nil for none.
  package var dataMark: String?
  /// A file in it that a server makes there by its first start, so that it is not in data that was made for it; nil for an
  /// engine that has none such.
  package var servedMark: String?
  /// The size of `/dev/shm` that it needs, in bytes; nil for the engine's default of 64 MiB.
  package var sharedMemory: Int?

  /// A container recipe.
  package init(
    command: [String] = [], environment: [String: String] = [:], firstEnvironment: [String: String] = [:],
    files: [RecipeFile] = [], dataPath: String? = nil, dataVariable: String? = nil, dataMark: String? = nil,
    servedMark: String? = nil, sharedMemory: Int? = nil
  ) {
    self.command = command
    self.environment = environment
    self.firstEnvironment = firstEnvironment
    self.files = files
    self.dataPath = dataPath
    self.dataVariable = dataVariable
    self.dataMark = dataMark
    self.servedMark = servedMark
    self.sharedMemory = sharedMemory
  }
}

/// The folders of one native server.
package struct NativeFolders: Sendable, Hashable {
  /// The server's own folder.
  package var folder: String
  /// The data directory to initialise or serve.
  package var data: String
  /// A folder with a path short enough for a socket.
  package var sockets: String
  /// The user of this machine that drydock runs as; nil for one without a name.
  package var caller: String?
  /// A folder for files that do not outlive the server. Servers of the MySQL family clear theirs when they start, so
  /// two of them must never share one.
  package var scratch: String { "\(folder)/scratch" }
  /// Statements that fill the tables of time zones, while new data is made for a server that wants them.
  package var timeZones: String { "\(folder)/\(Self.timeZonesName)" }
  /// The file's name in the server's folder.
  package static let timeZonesName = "time-zones.sql"

  /// The folders of a server.
  package init(folder: String, data: String, sockets: String, caller: String? = nil) {
    self.folder = folder
    self.data = data
    self.sockets = sockets
    self.caller = caller
  }
}

/// A command of an engine's own tools.
package struct NativeCommand: Sendable, Hashable {
  /// The executable's absolute path.
  package var executable: String
  /// Its arguments; never a secret.
  package var arguments: [String]
  /// Variables on top of a clean environment.
  package var environment: [String: String]
  /// What it reads on its standard input; secrets belong here.
  package var input: String
  /// What it is there for, as a word for a person who waits.
  package var phase: String

  /// A command line.
  package init(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], input: String = "",
    phase: String = "initialising"
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.phase = phase
  }
}

/// How a native server is made and run.
package struct NativeRecipe: Sendable, Hashable {
  /// Files to write before anything runs.
  package var files: [RecipeFile]
  /// Commands that make the data directory, in order; none for a server that makes its own. What they make is the
  /// same for every request, and no server has been on it, so that a copy is as good. What is this request's, its
  /// passwords above all, the server gets when it runs: by a file that it reads, or see `ServerEngine.nativeGap`.
  package var initialise: [NativeCommand]
  /// Whether those commands read `NativeFolders.timeZones`.
  package var wantsTimeZones: Bool
  /// Files in a new data directory by which servers tell each other apart. They are removed, and the server makes
  /// its own, so that a copied directory is nobody's twin.
  package var identityFiles: [String]
  /// Files in the data directory that a dead server may have left and that keep the next from starting.
  package var staleFiles: [String]
  /// The server itself, in the foreground.
  package var serve: NativeCommand
  /// Where the server writes besides its folders for data, scratch and sockets.
  package var writablePaths: [String]

  /// A native recipe.
  package init(
    files: [RecipeFile] = [], initialise: [NativeCommand] = [], wantsTimeZones: Bool = false,
    identityFiles: [String] = [], staleFiles: [String] = [], serve: NativeCommand,
    writablePaths: [String] = []
  ) {
    self.files = files
    self.initialise = initialise
    self.wantsTimeZones = wantsTimeZones
    self.identityFiles = identityFiles
    self.staleFiles = staleFiles
    self.serve = serve
    self.writablePaths = writablePaths
  }
}

/// One stage of stopping a server: a signal, and how long it is given.
package struct StopStage: Sendable, Hashable {
  /// What is sent.
  package enum Signal: Sendable, Hashable { case interrupt, terminate, quit, kill }
  package var signal: Signal
  /// How long to wait before the next stage.
  package var patience: Duration

  /// A stage of stopping.
  package init(_ signal: Signal, _ patience: Duration) {
    self.signal = signal
    self.patience = patience
  }
}

extension [StopStage] {
  /// The same stages for a server that is still starting, and serves nobody: a kill soon is better than a long wait.
  ///
  /// MariaDB 10.11 (seen with 10.11.19) hangs for good where SIGTERM arrives while it starts.
  package var ofStart: [StopStage] { map { StopStage($0.signal, Swift.min($0.patience, .seconds(2))) } }
}
