import Testing

@testable import ConvoxManifest

@Suite("drydock.yml")
struct DrydockSettingsTests {
  private static let manifest =
    "services:\n  web: {port: 3000}\n  api: {image: api, port: 4000}\n  worker: {build: .}\n"

  private func settings(_ text: String) throws(ManifestError) -> DrydockSettings {
    try DrydockSettings(Array(text.utf8), for: try load(Self.manifest))
  }

  private func errors(_ text: String) -> [String] {
    do {
      _ = try settings(text)
      return []
    } catch {
      return error.diagnostics.map { "\(short($0))" + ($0.suggestion.map { " > \($0)" } ?? "") }
    }
  }

  @Test("A map of ports has those that a service listens at besides") func furtherPorts() throws {
    let manifest = try load(
      "services:\n  web: {image: a, port: 3000, ports: [9090]}\n  dns: {image: a, ports: [53]}\n")
    let text = "ports: {web: {3000: 8080, 9090: 9191}, dns: {53: 5353}}"
    let settings = try DrydockSettings(Array(text.utf8), for: manifest)
    #expect(settings.ports == ["web": 8080])
    #expect(settings.furtherPorts == ["web": [9090: 9191], "dns": [53: 5353]])
  }

  @Test(
    "Nothing, and comments alone, are no settings", arguments: ["", "# to do\n", "hooks:\nwatch:\ntty:\n"])
  func empty(_ text: String) throws {
    #expect(try settings(text) == DrydockSettings())
  }

  @Test("Everything there is") func full() throws {
    let text = """
      services:
        web: process
        api: container
        worker: off
      tty: [web]
      ports:
        web: 3000
      hooks:
        before-start:
          - web: bin/migrate --to "${VERSION}"
          - "api: make seed: all"
          - service: worker
            command: [bin/seed, "a b"]
        after-ready:
          - web: "true"
      watch:
        web:
          - ./src/: sync+restart
          - path: "*.md"
            action: off
          - .: sync
        worker:
          - Gemfile.lock: rebuild
      """
    let settings = try settings(text)
    #expect(settings.kinds == ["web": .process, "api": .container, "worker": .off])
    #expect(settings.terminals == ["web"] && settings.ports == ["web": 3000])
    #expect(settings.beforeStart.map(\.service) == ["web", "api", "worker"])
    #expect(
      settings.beforeStart.map(\.command) == [
        "bin/migrate --to \"${VERSION}\"", "make seed: all", "bin/seed a b",
      ])
    #expect(settings.beforeStart.map(\.argv) == [nil, nil, ["bin/seed", "a b"]])
    #expect(settings.beforeStart.map(\.location.line) == [10, 11, 12])
    #expect(settings.afterReady.map(\.command) == ["true"])
    #expect(
      settings.watch == [
        "web": [.init("src", .syncAndRestart), .init("*.md", .off), .init(".", .sync)],
        "worker": [.init("Gemfile.lock", .rebuild)],
      ])
  }

  /// Bug: an alias cannot be a key, it was said of quoted ones that begin as one does.
  @Test("A pattern as a key") func pattern() throws {
    #expect(
      try settings("watch:\n  web:\n    - \"*.py\": sync\n    - '*': off\n").watch
        == ["web": [.init("*.py", .sync), .init("*", .off)]])
    #expect(errors("watch:\n  web:\n    - *.py: sync\n").count == 1)
  }

  @Test("A terminal by a map") func terminals() throws {
    #expect(try settings("tty: {web: true, api: false}").terminals == ["web"])
  }

  @Test(
    "What is wrong, where, and what to write",
    arguments: [
      ("hook: {}", "1:1 unknown key `hook` in drydock.yml > did you mean hooks?"),
      (
        "environment: [A=b]",
        "1:1 unknown key `environment` in drydock.yml > it belongs in convox.yml; nothing that production needs stands here"
      ),
      ("x: 1", "1:1 unknown key `x` in drydock.yml > keys: hooks, ports, services, tty, watch"),
      ("[a]", "1:1 the file is no map > write KEY: VALUE lines"),
      ("services: {wbe: process}", "1:12 there is no service wbe in convox.yml > did you mean web?"),
      (
        "services: {zzzzzz: process}",
        "1:12 there is no service zzzzzz in convox.yml > services: web, api, worker"
      ),
      (
        "services: {web: proces}",
        "1:17 services.web is one of process, container, off > did you mean process?"
      ),
      (
        "services: {web: {command: x}}",
        "1:17 services.web is one of process, container, off > what a service is stands in convox.yml"
      ),
      ("services: {web: }", "1:17 services.web is one of process, container, off"),
      ("services: [web]", "1:11 services is no map > write KEY: VALUE lines"),
      ("ports: {web: 0}", "1:14 ports.web is no port > write a number from 1 to 65535"),
      ("ports: {web: \"3000\"}", "1:14 ports.web is no port > write a number from 1 to 65535"),
      (
        "ports: {web: {9090: 1}}",
        "1:15 9090 is no port of service web > its ports: 3000; write web: {3000: 8080}"
      ),
      ("ports: {web: {x: 1}}", "1:15 x is no port of service web > its ports: 3000; write web: {3000: 8080}"),
      ("ports: {web: {3000: x}}", "1:21 ports.web is no port > write a number from 1 to 65535"),
      ("ports: {web: {3000: 5}, api: 5}", "1:30 ports.web and ports.api are both 5"),
      ("ports: {web: 3000, api: 3000}", "1:25 ports.web and ports.api are both 3000"),
      (
        "ports: {worker: 3000}",
        "1:9 service worker has no port: in convox.yml, so that there is nothing to reach"
      ),
      ("tty: web", "1:6 tty is no list > write the services: tty: [web]"),
      ("tty: [wbe]", "1:7 there is no service wbe in convox.yml > did you mean web?"),
      ("tty: {web: 1}", "1:12 tty.web is neither true nor false"),
      ("hooks: {before-strat: []}", "1:9 unknown key `before-strat` in hooks > did you mean before-start?"),
      ("hooks: {after-ready: [web]}", "1:23 a hook is a service and a command > write - SERVICE: COMMAND"),
      (
        "hooks: {after-ready: [{web: }]}",
        "1:29 the hook's command is a text, which a shell reads, or a list of words > write - SERVICE: COMMAND"
      ),
      (
        "hooks: {after-ready: [{service: web}]}",
        "1:23 a hook is a service and a command > write - SERVICE: COMMAND"
      ),
      (
        "hooks: {after-ready: [{service: web, command: a, env: b}]}",
        "1:50 unknown key `env` in the hook > keys: command, service"
      ),
      ("hooks: {after-ready: {web: a}}", "1:22 hooks.after-ready is no list > write - SERVICE: COMMAND"),
      (
        "watch: {web: [{src: snyc}]}",
        "1:21 the action for src is one of sync, sync+restart, rebuild, restart, off > did you mean sync?"
      ),
      (
        "watch: {web: [{../x: sync}]}",
        "1:16 `../x` leads out of the app's folder > only files of the app are watched"
      ),
      (
        "watch: {web: [{/etc: sync}]}",
        "1:16 `/etc` is no path within the app's folder > write it relative to drydock.yml"
      ),
      (
        "watch: {web: [src]}", "1:15 watch.web is a list of paths, each with an action > write - PATH: ACTION"
      ),
      ("watch: {web: [{path: src}]}", "1:15 watch.web needs a path and an action > write - PATH: ACTION"),
      ("---\na: 1\n---\nb: 2\n", nil),
    ] as [(String, String?)])
  func refused(_ text: String, _ message: String?) {
    let found = errors(text)
    if let message { #expect(found == [message]) } else { #expect(found.count == 2) }
  }

  @Test(
    "Hostile text is refused in bounded time",
    arguments: ["a: [", "\u{0}", "? [a]\n: b", "*a: b", "<<<<<<< ours\na: 1\n=======\n"])
  func hostile(_ text: String) {
    #expect(!errors(text).isEmpty)
  }

  @Test("Whatever the file is, it is read or refused with places", arguments: 0..<12)
  func garbage(round: Int) throws {
    var generator = SeededGenerator(seed: UInt64(round) + 5)
    let pieces = [
      "services:", "hooks:", "watch:", "tty:", "ports:", " web", "web: ", "api", "process", "off", "\n",
      "\n  ", "- ",
      "{", "}", "[", "]", ",", ": ", "before-start:", "3000", "&a ", "*a", "<<: ", "sync", "..", "/", "é",
      "\"", "|\n",
    ]
    let manifest = try load(Self.manifest)
    for _ in 0..<300 {
      let text = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
      }.joined()
      do {
        _ = try DrydockSettings(Array(text.utf8), for: manifest)
      } catch {
        #expect(
          error.diagnostics.allSatisfy {
            $0.location.line > 0 && $0.location.column > 0 && !$0.message.isEmpty
          })
        #expect(!error.diagnostics.isEmpty)
      }
    }
  }
}
