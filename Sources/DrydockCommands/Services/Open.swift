import AppState
import ArgumentParser
import DrydockBase
import Foundation
import MonotonicTime
import Services

/// `drydock open`.
struct Open: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Open a service in the browser; without one to open, print its address.",
    discussion: """
      Examples:
        drydock open
        drydock open web
      """)

  @Argument(help: "The service; else the first with a port.", completion: NameCompletion.services)
  var service: String?

  @OptionGroup var options: SharedOptions

  func run() async throws {
    let session = Session(options)
    let supervisor = SupervisorProcess(context: session.context, id: try session.startedInstance().id)
    guard let status = try await supervisor.client.ask(ControlRequest(.status), until: .after(.seconds(10)))
    else {
      throw SupervisorProcess.notStarted
    }
    let url = try url(of: status)
    session.console.print(url)
    try await launchBrowser(url, session)
  }

  private func url(of status: [ServiceStatus]) throws -> String {
    if let service {
      guard let found = status.first(where: { $0.service == service }) else {
        throw UnknownName.error("service", service, known: status.map(\.service))
      }
      guard let url = found.url else {
        throw DrydockError(.usage, "\(service) has no port:, so there is nothing to open")
      }
      return url
    }
    guard let url = status.lazy.compactMap(\.url).first else {
      throw DrydockError(.usage, "no service of this app has a port:, so there is nothing to open")
    }
    return url
  }

  /// A machine without a browser, or without a screen, has the address all the same.
  private func launchBrowser(_ url: String, _ session: Session) async throws {
    #if os(macOS)
      let program = "open"
    #else
      let program = "xdg-open"
      let screens = ["DISPLAY", "WAYLAND_DISPLAY"].compactMap { session.context.environment[$0] }
      guard screens.contains(where: { !$0.isEmpty }) else { return }
    #endif
    let folders = SearchPath.folders(session.context.environment["PATH"])
    guard let place = folders.map({ "\($0)/\(program)" }).first(where: FileManager.default.isExecutableFile)
    else {
      return
    }
    let browser = Process()
    browser.executableURL = URL(filePath: place)
    browser.arguments = [url]
    try browser.run()
  }
}
