package import AppState
import Containers
import DockerEngine
import DrydockBase
package import Emulator
import Essentials
import MonotonicTime
import NativeProcess

/// The part of `doctor` that is about services: what this machine can do for them, and what follows where it cannot.
package struct ServiceExamination: Sendable {
  private let context: DrydockContext

  /// An examination of this machine.
  package init(context: DrydockContext) { self.context = context }

  /// Looks at everything; never fails.
  package func run() async -> [Examination.Finding] {
    // Without a keeper nothing can be said, and that is a finding of its own.
    guard let keeper = try? Keeper.locate(environment: context.environment) else { return [] }
    return await [ports(keeper), mounts(), builds()].compactMap(\.self)
  }

  private func ports(_ keeper: Keeper) async -> Examination.Finding {
    let subject = "service ports"
    if (try? await keeper.canMapPorts(until: .after(.seconds(10)))) == true {
      return Examination.Finding(
        subject: subject, verdict: .fine,
        detail: "processes bind the ports that they have on AWS, and do not meet (seccomp)")
    }
    return Examination.Finding(
      subject: subject, verdict: .warning,
      detail:
        "seccomp does not tell of bind(2) here, so that ports of processes cannot be moved: a service that "
        + "declares PORT listens there, any other one at its own port, with one replica",
      remedy: "Linux from 5.9 on has it; in a container: --security-opt seccomp=unconfined")
  }

  private func mounts() async -> Examination.Finding? {
    let subject = "private mounts"
    guard let helper = try? MountHelper.locate(context) else { return nil }
    guard (try? await helper.isUsable(context)) != true else {
      return Examination.Finding(
        subject: subject, verdict: .fine, detail: "processes see efs and other volumes at their paths")
    }
    return Examination.Finding(
      subject: subject, verdict: .warning,
      detail:
        "namespaces for mounts are kept from you here: processes find efs volumes by DRYDOCK_VOLUME_NAME alone, "
        + "need --no-mounts, and have no other volumes",
      remedy: geteuid() == 0
        ? "in a container: --cap-add SYS_ADMIN"
        : "apt-get install bubblewrap, or: sysctl kernel.unprivileged_userns_clone=1"
    )
  }

  private func builds() async -> Examination.Finding? {
    // That no engine answers is a finding of its own.
    guard let client = try? await DockerAccess(environment: context.environment).connect() else { return nil }
    let parts = client.apiVersion.splitExactly(at: ".").compactMap { Int($0) }
    let isOld = parts.lexicographicallyPrecedes([1, 42])
    return Examination.Finding(
      subject: "image builds", verdict: .fine,
      detail: "by the engine's API, with its BuildKit where a Dockerfile needs that"
        + (isOld
          ? "; heredocs and COPY --link want engine 23 or later, this is \(client.engine.version)" : ""))
  }
}
