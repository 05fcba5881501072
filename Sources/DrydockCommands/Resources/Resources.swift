import ArgumentParser

/// `drydock resources`.
struct Resources: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Work with resources as the convox command does.",
    subcommands: [
      ResourceTypes.self, ResourceOptions.self, CreateResource.self, UpdateResource.self, StartResource.self,
      LinkResource.self, UnlinkResource.self, DeleteResource.self,
    ])
}
