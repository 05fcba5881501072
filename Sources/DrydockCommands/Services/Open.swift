import AppState
import ArgumentParser
import DrydockBase
import Essentials
import MonotonicTime
import NativeProcess
import Services

/// `drydock open`.
struct Open: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Open a service in the browser; without a browser, or in a pipe, print its address.",
    discussion: """
      Examples:
        drydock open
        drydock open web
        drydock open web --port 9090
      """)

  @Argument(help: "The service; else the first with a port.", completion: NameCompletion.services)
  var service: String?

  @Option(
    help: ArgumentHelp("A port of ports:, agent or nlb, whose address is printed.", valueName: "number"))
  var port: Int?

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let supervisor = SupervisorProcess(context: session.context, id: try session.startedInstance().id)
    guard let status = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    else {
      throw SupervisorProcess.notStarted
    }
    if let port { return session.console.print(try address(of: port, status)) }
    let service = try chosen(of: status)
    session.console.print(service.url)
    // Whoever has the address read by a program wants nothing opened.
    if isatty(STDOUT_FILENO) == 1 { launchBrowser(service.browserURL ?? service.url, session) }
  }

  private func address(of port: Int, _ status: [ServiceStatus]) throws -> String {
    let ports = status.filter { (service ?? $0.service) == $0.service }.flatMap { $0.ports ?? [] }
    guard let found = ports.first(where: { $0.port == port }) else {
      let known = ports.map { "\($0.port)" }
      throw DrydockError(
        .usage, "no service\(service.map { " \($0)" } ?? "") listens at \(port) besides its port:",
        suggestion: known.isEmpty ? nil : "such ports: \(known.joined(separator: ", "))")
    }
    return found.address
  }

  private func chosen(of status: [ServiceStatus]) throws -> (url: String, browserURL: String?) {
    if let name = service, !status.contains(where: { $0.service == name }) {
      throw UnknownName.error("service", name, known: status.map(\.service))
    }
    let found = status.first { (service ?? $0.service) == $0.service && $0.url != nil }
    guard let found, let url = found.url else {
      throw DrydockError(
        .usage,
        service.map { "\($0) has no port:, so there is nothing to open" }
          ?? "no service of this app has a port:, so there is nothing to open")
    }
    return (url, found.browserURL)
  }

  /// A machine without a browser, or without a screen, has the address all the same.
  private func launchBrowser(_ url: String, _ session: Session) {
    #if os(macOS)
      let program = "open"
    #else
      let program = "xdg-open"
      let screens = ["DISPLAY", "WAYLAND_DISPLAY"].compactMap { session.context.environment[$0] }
      guard screens.contains(where: { !$0.isEmpty }) else { return }
    #endif
    // In this process's place: there is nothing left to do, and the browser may go on for days. Without the program, the
    // address has been printed.
    _ = Executable.attempt(ProcessReplacement(program: program, words: [program, url]))
  }
}
