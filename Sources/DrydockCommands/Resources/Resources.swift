import ArgumentParser

/// `drydock resources`.
struct Resources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resources",
    abstract: "List the app's resources; show one, proxy to it, talk to it, export and import it.",
    discussion: """
      The verbs are those of convox resources. A name is looked up in the app first, and then
      among the resources that were created on their own; for those no app is needed.

      Examples:
        drydock resources
        drydock resources info mydb
        psql "$(drydock resources url mydb)"
        drydock resources proxy mydb -p 15001
        drydock resources create postgres --name main-db storage=50
        drydock resources link main-db --app web
        drydock resources console mydb
        drydock resources export mydb -f mydb.sql.gz
      """,
    subcommands: [
      ListResources.self, ResourceInfo.self, ResourceURL.self, ResourceProxy.self, ConsoleResource.self,
      ExportResource.self, ImportResource.self,
      ResourceTypes.self, ResourceOptions.self, CreateResource.self, UpdateResource.self, StartResource.self,
      LinkResource.self, UnlinkResource.self, DeleteResource.self,
    ],
    defaultSubcommand: ListResources.self)
}
