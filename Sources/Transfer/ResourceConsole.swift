package import AppState
package import ByteStreams
import DockerEngine
import DrydockBase
import Engines
package import HealthProbes
package import Resources
package import Servers

/// A person's, or a script's, conversation with a resource by its engine's own client.
package struct ResourceConsole: Sendable {
  private let context: DrydockContext
  private let target: ResourceTarget

  /// The console of a resource.
  package init(context: DrydockContext, target: ResourceTarget) {
    self.context = context
    self.target = target
  }

  /// Reaches the resource and finds its client.
  /// - Parameter arguments: What the client gets besides.
  /// - Throws: `DrydockError`: the type has no console, the resource does not run, the client is missing.
  package func open(arguments: [String] = []) async throws -> ConsoleSession {
    guard let engine = target.engine?.server else { throw TransferSite.refusal(target, "console") }
    let site = try await TransferSite(target, context, verb: "console")
    guard let server = site.server else { throw TransferSite.refusal(target, "console") }
    do {
      switch engine.console(site.place) {
      case .client(var recipe):
        recipe.arguments += arguments
        let client = try await server.host.prepare(recipe, for: server.launch)
        return ConsoleSession(.client(client, server.host))
      case .lines:
        guard arguments.isEmpty else {
          throw DrydockError(
            .usage, "the console of a \(target.type) takes no arguments",
            suggestion: "pipe commands into it: echo stats | drydock resources console \(target.name)")
        }
        return ConsoleSession(.lines(try site.probeTarget))
      }
    } catch {
      throw DrydockError(error, resource: target.name)
    }
  }
}

/// A console that is ready to be used.
package struct ConsoleSession: Sendable {
  package enum Method: Sendable {
    case client(PreparedClient, any ClientHost)
    case lines(ProbeTarget)
  }

  private let method: Method

  /// By a client that was found and prepared, or by lines that drydock itself sends.
  package init(_ method: Method) {
    self.method = method
  }

  /// A program of this machine that a terminal may be handed to; nil where the client runs elsewhere or is drydock's own.
  package var program: ConsoleProgram? {
    guard case .client(let client, let host) = method, host is NativeRuntime else { return nil }
    return ConsoleProgram(
      words: client.words, environment: client.environment, hiddenVariables: client.hiddenVariables)
  }

  /// Whether commands are typed at drydock's own prompt, line by line, because the engine has no client.
  package var wantsPrompt: Bool {
    if case .lines = method { return true }
    return false
  }

  /// Runs the client until it ends, or its input does.
  /// - Parameters:
  ///   - terminal: The terminal that the client shall have; nil for none.
  ///   - input: What is typed or piped in.
  ///   - output: Takes what the client writes, all of it where it has a terminal.
  ///   - error: Takes what a client without a terminal writes to standard error.
  /// - Returns: The client's exit code.
  package func run(
    terminal: ConsoleTerminal? = nil, input: @escaping ByteSource, output: @escaping ByteSink,
    error: @escaping ByteSink
  ) async throws -> Int {
    switch method {
    case .lines(let target):
      let answers = AnswerCheck()
      try await LineConversation(with: target).run(farewell: "quit\r\n", input: input) { bytes in
        await answers.take(bytes)
        try await output(bytes)
      }
      return await answers.sawError ? 1 : 0
    case .client(let client, let host):
      return try await host.console(
        client, terminal: terminal, input: input, output: output, error: error)
    }
  }
}

/// A program that a terminal may be handed to.
package struct ConsoleProgram: Sendable, Hashable {
  /// The executable's path and the arguments.
  package var words: [String]
  /// Its variables on top of the caller's; among them may be a password.
  package var environment: [String: String]
  /// The caller's variables that it must not see.
  package var hiddenVariables: [String]
}

/// Looks for memcached's refusals in its answers, so that a script hears of them by the exit code.
private actor AnswerCheck {
  private var line: [UInt8] = []
  private(set) var sawError = false

  func take(_ bytes: [UInt8]) {
    for byte in bytes {
      if byte == 0x0a {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("ERROR") || text.hasPrefix("CLIENT_ERROR") || text.hasPrefix("SERVER_ERROR") {
          sawError = true
        }
        line = []
      } else if line.count < 16 {
        line.append(byte)
      }
    }
  }
}
