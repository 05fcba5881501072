import AppState
import ArgumentParser
import DrydockBase
import Emulator

/// `drydock resources`.
struct Resources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resources",
    abstract: "List the app's resources; show one, proxy to it, talk to it, export and import it.",
    discussion: """
      The verbs are those of convox resources. A name is looked up in the app, and
      then among the resources created on their own, for which no app is needed.

      Examples:
        drydock resources
        drydock resources info mydb
        psql "$(drydock resources url mydb)"
        drydock resources proxy mydb -p 15001
        drydock resources console mydb
        drydock resources export mydb -f mydb.sql.gz
        drydock resources create postgres --name main-db storage=50
        drydock resources link main-db --app web
      """,
    subcommands: [
      ListResources.self, ResourceInfo.self, ResourceURL.self, ResourceProxy.self, ConsoleResource.self,
      ExportResource.self, ImportResource.self, ResourceTypes.self, ResourceOptions.self, CreateResource.self,
      UpdateResource.self, StartResource.self, LinkResource.self, UnlinkResource.self, DeleteResource.self,
      RenameResource.self,
    ],
    defaultSubcommand: ListResources.self)

  /// The error about a verb that there is not: the parser would take it for an argument of the list.
  static func unknownVerb(in arguments: [String]) -> DrydockError? {
    let names = configuration.subcommands.map { $0._commandName }
    guard arguments.count > 1, arguments[0] == "resources", !arguments[1].hasPrefix("-"),
      !(names + ["help"]).contains(arguments[1])
    else { return nil }
    return UnknownName.error("command of resources", arguments[1], known: names)
  }
}
