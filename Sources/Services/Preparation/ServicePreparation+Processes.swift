import AppState
import ConvoxEnvironment
import ConvoxManifest
import DrydockBase
import Emulator
import NativeProcess

/// Services as processes.
extension ServicePreparation {
  /// What runs a service as a process.
  func process(
    _ service: Service, _ command: OwnCommand?, _ variables: AppVariables, _ urls: [String: String],
    folder workingFolder: String, ports: BoundPorts
  ) throws -> ProcessRunner {
    guard let command = command ?? OwnCommand(process: service, in: workspace) else {
      throw DrydockError(.manifestInvalid, "\(service.name) has no command: that could run as a process")
    }
    let own = try variables.variables(of: service, urls: urls) + variables.volumeVariables(of: service)
    let names = Set(own.map(\.name)).union(context.environment.keys)
    let all =
      own
      + (try variables.trustVariables(
        of: service, besides: names, speaksTLS: Self.leadsToTLS(service, urls))).variables
    let words = command.arguments(keeper: keeper.executable)
    let volumes = try mounts(ofProcess: service, variables)
    let mounts = treeMounts(of: service, besides: volumes, naming: words + own.map(\.value)) + volumes
    let launch = ProcessLaunch(
      words: words, folder: workingFolder,
      environment: context.environment.merging(all.map { ($0.name, $0.value) }) { $1 },
      mounter: mounts.isEmpty ? [] : try MountHelper.locate(context).wrap([], mounts),
      ports: ports, mapping: mapping(all.map(\.name)), grace: .seconds(service.process.grace))
    return ProcessRunner(
      launch: launch, folder: folder, ports: ServicePorts(home: context.home, id: id), keeper: keeper,
      leash: leash)
  }

  /// What a process sees at the paths of `volumes:`. Without efs a service may have no use, so that this is refused where
  /// it cannot be mounted; other volumes are as they were before there were any, and that is said.
  private func mounts(ofProcess service: Service, _ variables: AppVariables) throws -> [VolumeMount] {
    guard !options.withoutMounts else { return [] }
    let shared = variables.mounts(of: service)
    guard mountsFolders else {
      let own = service.volumes.map(ServiceVolume.init).filter { volume in
        !volume.isOfHost && !shared.contains { $0.path == volume.path }
      }
      if !own.isEmpty {
        tellOnce(
          "\(service.name): nothing can be mounted here (drydock doctor says why), so it has no volume at "
            + own.map(\.path).joined(separator: ", "))
      }
      return shared
    }
    let own = try FolderVolumes(folder).paths(of: service, besides: shared)
    for path in own.occupied {
      tellOnce(
        "\(service.name): this machine's own \(path) is not hidden by the volume that volumes: wants there")
    }
    return shared + own.mounts
  }

  /// The app's files where the image has them, if the service is given that path.
  private func treeMounts(
    of service: Service, besides volumes: [VolumeMount], naming texts: [String]
  ) -> [VolumeMount] {
    guard !options.withoutMounts, let place = TreePlace(of: service, in: workspace), place.isNamed(by: texts)
    else { return [] }
    let obstacle =
      mountsFolders
      ? place.obstacle(besides: volumes)
      : "nothing can be mounted here (drydock doctor says why), so that the app's folder is not at \(place.path)"
    guard let obstacle else { return [place.mount] }
    tellOnce("\(service.name): \(obstacle)")
    return []
  }

  private func tellOnce(_ text: String) {
    if told.isNew(text) { notice(text) }
  }

  private func mapping(_ variables: [String]) -> PortMapping {
    if mapsPorts { return .mapped }
    return variables.contains("PORT") ? .variable : .declared
  }
}
