import ConvoxEnvironment
import ConvoxManifest

/// EFS: a directory on the host that services share. No server, and no variables.
struct EFSEngine: Engine {
  let resourceType = ResourceType(
    name: "efs",
    options: [
      OptionRule(
        "encrypted", .boolean, default: "false", "Encrypt data at rest", here: .recorded("at rest only"),
        change: .replacing),
      OptionRule(
        "owner-gid", .integer(0...4_294_967_295), default: "1000", "Group of the path's directory",
        here: .emulated("given away where drydock may"), change: .initial),
      OptionRule(
        "owner-uid", .integer(0...4_294_967_295), default: "1000", "User of the path's directory",
        here: .emulated("given away where drydock may"), change: .initial),
      OptionRule(
        "path", .path, default: "/", "The directory that services see as the root",
        here: .emulated("a directory of the host"), change: .moving),
      OptionRule(
        "permissions", .permissions, default: "0777", "Permissions of the path's directory",
        here: .emulated("set when the directory is made"), change: .initial),
      OptionRule("tags", .text, "Tags for the AWS resources", here: .recorded("no effect here")),
    ],
    hasVariables: false, isMounted: true)
  let variableShape = VariableShape.none
  let server: (any ServerEngine)? = nil

  /// EFS.
  init() {}

  /// The system's own tar, which leaves out what leads above the directory. It ends with 1 where files changed meanwhile.
  let exportFormat: ExportFormat? = .archive

  func transfer(_ place: ClientPlace) -> TransferMethod? {
    .directory(
      DirectoryTransfer(
        tool: "tar", pack: ["--numeric-owner", "-cf", "-", "."],
        unpack: ["--numeric-owner", "-xpf", "-"], harmlessCodes: [1]))
  }
}
