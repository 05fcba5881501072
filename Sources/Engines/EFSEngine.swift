import ConvoxEnvironment
import ConvoxManifest

/// EFS: a directory on the host that services share. No server, and no variables.
struct EFSEngine: Engine {
  let resourceType = ResourceType(
    name: "efs",
    options: [
      OptionRule("encrypted", .boolean, default: "false", "Encrypt data at rest"),
      OptionRule("owner-gid", .integer(0...4_294_967_295), default: "1000", "Group of the path's directory"),
      OptionRule("owner-uid", .integer(0...4_294_967_295), default: "1000", "User of the path's directory"),
      OptionRule("path", .path, default: "/", "The directory that services see as the root"),
      OptionRule("permissions", .permissions, default: "0777", "Permissions of the path's directory"),
      OptionRule("tags", .text, "Tags for the AWS resources"),
    ],
    hasVariables: false, isMounted: true)
  let variableShape = VariableShape.none
  let server: (any ServerEngine)? = nil

  /// EFS.
  init() {}
}
