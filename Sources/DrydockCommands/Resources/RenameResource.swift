import AppState
import ArgumentParser
import ConvoxManifest
import DrydockBase
import Emulator
import MonotonicTime

/// `drydock resources rename`.
struct RenameResource: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename",
    abstract: "Keep the data of a resource that was renamed in convox.yml.",
    discussion: """
      On AWS, a resource with another name is a new one, without data. Here you can
      keep the data: rename the resource in convox.yml, run this, then drydock up.

      Example:
        drydock resources rename mydb main-db
      """)

  @Argument(help: "The name that it had.", completion: NameCompletion.resources)
  var old: String

  @Argument(help: "The name that it has in convox.yml.", completion: NameCompletion.resources)
  var new: String

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let instance = try session.requiredInstance()
    if instance.created != nil {
      throw DrydockError(
        .usage, "\(instance.handle) was created on its own, and keeps its name",
        suggestion: "create another, and take the data there: drydock resources export, import")
    }
    let manifest = try session.manifest(try session.workspaceOfInstance(), instance)
    let rename = RenameOperation(
      context: session.context, instance: instance, declared: Set(manifest.resources.map(\.name)),
      notice: session.console.note)
    try await rename.run(old, to: new, until: .after(.seconds(60)))
    session.console.note("\(old) is \(new) from now on, with its data; start it: drydock up")
  }
}
