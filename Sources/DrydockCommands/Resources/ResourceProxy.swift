import ArgumentParser
import ConvoxEnvironment
import Emulator
import Engines

/// `drydock resources proxy`.
struct ResourceProxy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy", abstract: "Forward a port of 127.0.0.1 to a resource, until Ctrl-C.",
    discussion: """
      Listens at the port of the resource's URL, as convox does. A server on this
      machine has that port itself; for one, it is the engine's standard port, such
      as 5432. -p 0 takes any free port.

      Examples:
        drydock resources proxy mydb -p 15001
        drydock resources proxy cache --tls   for clients that speak no TLS
      """)

  @Argument(help: "The resource.")
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
      let destination = try ProxyDestination(target, tls: tls, home: session.context.home)
      let lines = ProxyLines(destination: destination, console: session.console, resource: target)
      await lines.notes(session.context, tls: tls)
      try await TCPProxy(to: destination, port: port ?? destination.defaultPort).run(lines.tell)
    }
  }
}

/// What a proxy says, line by line.
struct ProxyLines: Sendable {
  let destination: ProxyDestination
  let console: Console
  let resource: ResourceTarget

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
      console.print("proxying localhost:\(port) to \(destination.host):\(destination.port)")
    case .connected(let port):
      console.print("connect: \(port)")
    case .failed(let reason):
      console.warn(resource.isExternal ? reason : "\(reason)\n  \(remedy)")
    case .closing(let count):
      console.note("\(count) still connected: waiting up to 5 s; Ctrl-C again ends it at once")
    }
  }
}
