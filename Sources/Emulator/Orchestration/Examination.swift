package import AppState
import ConvoxManifest
import DrydockBase
import Engines
import Essentials
import HealthProbes
import MonotonicTime
import NativeProcess
import Servers
import TransportSecurity

/// `doctor`: what is there and what is missing.
package struct Examination: Sendable {
  /// One thing that was looked at.
  package struct Finding: Sendable, Hashable, Codable {
    /// How it is.
    package enum Verdict: String, Sendable, Hashable, Codable {
      /// As it should be.
      case fine
      /// Usable, with a catch.
      case warning
      /// Not there.
      case missing
    }

    /// What was looked at.
    package var subject: String
    /// How it is.
    package var verdict: Verdict
    /// What was seen.
    package var detail: String
    /// The command that mends it.
    package var remedy: String?

    /// A finding.
    package init(subject: String, verdict: Verdict, detail: String, remedy: String? = nil) {
      self.subject = subject
      self.verdict = verdict
      self.detail = detail
      self.remedy = remedy
    }
  }

  private let context: DrydockContext

  /// An examination of this machine.
  package init(context: DrydockContext) {
    self.context = context
  }

  /// Looks at everything; never fails.
  package func run() async -> [Finding] {
    var findings = await engines()
    findings += await docker()
    findings += [keeper(), state(), ports(), disk()].compactMap { $0 } + libraries()
    return findings
  }

  private func engines() async -> [Finding] {
    let discovery = NativeDiscovery(environment: context.environment)
    var findings: [Finding] = []
    for server in context.catalog.engines.compactMap(\.server) {
      do {
        findings.append(describe(server, try await discovery.installations(of: server)))
      } catch {
        let error = DrydockError(error)
        findings.append(
          Finding(
            subject: server.resourceType.name, verdict: .warning,
            detail: "could not be looked for: \(error.message)", remedy: error.suggestion))
      }
    }
    return findings
  }

  private func describe(_ engine: any ServerEngine, _ found: [NativeInstallation]) -> Finding {
    let name = engine.resourceType.name
    let search = engine.nativeSearch
    guard let best = found.first else {
      return Finding(
        subject: name, verdict: .missing, detail: "not installed natively",
        remedy: search.remedy(from: .ofThisMachine))
    }
    let list = found.map { "\($0.version) \($0.server)" }.joined(separator: ", ")
    if case .standIn(let other) = engine.accepts(best) {
      return Finding(
        subject: name, verdict: .warning, detail: "\(other) stands in for it: \(list)",
        remedy: search.remedy(from: .ofThisMachine, hasStandIn: true))
    }
    if let remedy = AppArmor().remedy(for: best.server) {
      return Finding(
        subject: name, verdict: .warning, detail: "\(list), confined by AppArmor", remedy: remedy)
    }
    return Finding(subject: name, verdict: .fine, detail: list)
  }

  private func docker() async -> [Finding] { await DockerExamination(environment: context.environment).run() }

  private func keeper() -> Finding? {
    do {
      return Finding(
        subject: "keeper", verdict: .fine,
        detail: try Keeper.locate(environment: context.environment).executable)
    } catch {
      return Finding(subject: "keeper", verdict: .missing, detail: error.message, remedy: error.suggestion)
    }
  }

  private func state() -> Finding? {
    let root = context.home.root
    if let owner = context.home.owner {
      let refusal = owner.refusal(of: root)
      return Finding(
        subject: "state folder", verdict: .warning, detail: refusal.message, remedy: refusal.suggestion)
    }
    do {
      try Folder.make("\(root)/instances", mode: 0o700)
      return Finding(subject: "state folder", verdict: .fine, detail: root)
    } catch {
      return Finding(
        subject: "state folder", verdict: .missing, detail: DrydockError(error).message,
        remedy: "export DRYDOCK_HOME=/a/folder/of/yours")
    }
  }

  private func ports() -> Finding? {
    let range = PortRange.standard
    return Finding(
      subject: "ports", verdict: .fine, detail: "chosen from \(range.lowerBound) to \(range.upperBound)")
  }

  private func disk() -> Finding? {
    var space = statvfs()
    guard statvfs(context.home.root, &space) == 0 else { return nil }
    let gigabytes = Double(space.f_bavail) * Double(space.f_frsize) / 1_073_741_824
    let isLow = gigabytes < 1
    return Finding(
      subject: "disk", verdict: isLow ? .warning : .fine,
      detail: "\(String(fixed: gigabytes, digits: 1)) GB free for \(context.home.root)",
      remedy: isLow ? "drydock prune" : nil)
  }

  private func libraries() -> [Finding] {
    [
      library("libpq", neededBy: "postgres", libpqVersion),
      Finding(subject: "hiredis", verdict: .fine, detail: hiredisVersion()),
      library("libmariadb", neededBy: "mysql and mariadb", libmariadbVersion),
      Finding(subject: "openssl", verdict: .fine, detail: opensslVersion()),
    ]
  }

  /// A library that drydock runs without, for apps that have no such resource.
  private func library(_ name: String, neededBy types: String, _ version: () throws -> String) -> Finding {
    do {
      return Finding(subject: name, verdict: .fine, detail: try version())
    } catch {
      let error = DrydockError(error)
      let verb = types.contains(" ") ? "need" : "needs"
      return Finding(
        subject: name, verdict: .missing, detail: "\(error.message); \(types) \(verb) it",
        remedy: error.suggestion)
    }
  }
}
