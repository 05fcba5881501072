import DockerEngine
import DrydockBase
import Testing

@testable import ImageBuilds

/// Why a build failed.
@Suite struct BuildLogTests {
  /// Bug: exit code 1, and no remedy.
  @Test(
    "A full disk is told as one, whether the command or the engine says so",
    arguments: [
      ("head: error writing 'standard output': No space left on device\n", 1 as Int?, "the command failed"),
      ("", nil, "write /var/lib/docker/overlay2/x: no space left on device"),
    ])
  func fullDisk(_ text: String, _ exit: Int?, _ message: String) throws {
    let file = try Dockerfile(Array("FROM x\nRUN make\n".utf8), path: "Dockerfile")
    let log = BuildLog()
    log.take(.text(text))
    let error = log.failure(
      DockerError(.buildFailed(exit: exit), message), exit: exit, in: file, withBuildKit: false)
    #expect(error.code == .cannotWrite)
    #expect(error.suggestion?.contains("docker system df") == true)
  }
}
