import AppState
import ArgumentParser
import ConvoxEnvironment
import Emulator
import Engines
import Essentials
import PortForwarding
import Resources
import TerminalProgress

/// `drydock resources proxy`.
struct ResourceProxy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy", abstract: "Forward a port of 127.0.0.1 to a resource, until Ctrl-C.",
    discussion: """
      It listens at the port of the resource's URL, as convox does. A server on this
      machine has that port itself, so its proxy takes the engine's standard port,
      such as 5432. -p 0 takes any free port. Up to 500 connections are open at a
      time, fewer under a small ulimit -n; further ones wait until one ends.

      Examples:
        drydock resources proxy mydb -p 15001
        drydock resources proxy cache --tls   for clients that speak no TLS
      """)

  @Argument(help: "The resource.", completion: NameCompletion.anyResources)
  var name: String

  @Option(name: .shortAndLong, help: "Where to listen.")
  var port: Int?

  @Flag(name: .shortAndLong, help: "Speak TLS with the resource, on behalf of clients that do not.")
  var tls = false

  @OptionGroup var options: SharedOptions

  func validate() throws {
    guard let port, !(0...65535).contains(port) else { return }
    throw ValidationError("-p takes a port from 0 to 65535, not \(port)")
  }

  func run() async throws {
    try await asConvox {
      let session = Session(options)
      let query = try ResourceQuery(session)
      let target = try query.lookup.target(name, app: query.app)
      let destination = try ForwardingDestination(target, tls: tls, context: session.context)
      let lines = ProxyLines(destination: destination, console: session.console, resource: target)
      await lines.notes(session.context, tls: tls)
      let proxy = TCPProxy(to: destination, port: port ?? destination.defaultPort)
      do { try await proxy.run(lines.tell) } catch {
        await lines.flush()
        throw error
      }
    }
  }
}

/// What a proxy says, line by line.
struct ProxyLines: Sendable {
  let destination: ForwardingDestination
  let console: Console
  let resource: ResourceTarget
  /// What the proxy carries never waits for somebody who reads of it.
  private let results = LossyWriter(descriptor: STDOUT_FILENO)
  private let remarks = LossyWriter(descriptor: STDERR_FILENO)

  init(destination: ForwardingDestination, console: Console, resource: ResourceTarget) {
    self.destination = destination
    self.console = console
    self.resource = resource
  }

  /// What to know before the first connection.
  func notes(_ context: DrydockContext, tls: Bool) async {
    if resource.endpoint?.encrypted == true, !tls {
      console.note("\(resource.name) takes TLS: its clients speak it themselves, or --tls does it for them")
    }
    guard resource.engine?.server != nil, !resource.isExternal else { return }
    let idle = try? await StatusOperation(context: context).idle([resource.name], of: resource.state)
    if idle?.isEmpty == false { console.note("\(resource.name) does not run; \(remedy)") }
  }

  private var remedy: String {
    resource.isCreated
      ? "start it: drydock resources start \(resource.name)" : "start it: drydock up \(resource.name)"
  }

  func tell(_ event: TCPProxy.Event) {
    switch event {
    case .listening(let port):
      results.write("proxying localhost:\(port) to \(destination.host):\(destination.port)\n")
    case .connected(let port):
      results.write("connect: \(port)\n")
    case .full(let limit):
      remarks.write("WARNING: \(limit) connections are open, the most at a time: further ones wait\n")
    case .failed(let reason):
      let text = "WARNING: \(reason)" + (resource.isExternal ? "" : "\n  \(remedy)")
      remarks.write(TerminalText.message(text) + "\n")
    case .closing(let count) where !console.isQuiet:
      remarks.write("\(count) still connected: waiting up to 5 s; Ctrl-C again ends it at once\n")
    case .closing: break
    }
  }

  /// Waits a moment for what was told last.
  func flush() async {
    await results.flush()
    await remarks.flush()
  }
}
