import DrydockTestSupport
import Foundation
import Testing

@testable import DockerEngine

@Suite struct ErrorRecognitionTests {
  @Test(arguments: [
    (
      500,
      "driver failed programming external connectivity on endpoint x (1): Bind for 127.0.0.1:5432 failed: port is already allocated",
      DockerError.Code.portTaken(port: 5432)
    ),
    (
      500,
      "driver failed programming external connectivity: Error starting userland proxy: listen tcp4 127.0.0.1:6379: bind: address already in use",
      .portTaken(port: 6379)
    ),
    (
      500,
      "failed to set up container networking: failed to bind host port for 127.0.0.1:5433:172.17.0.2:5432/tcp: address already in use",
      .portTaken(port: 5433)
    ),
    (
      500,
      "Ports are not available: exposing port TCP 127.0.0.1:3306 -> 0.0.0.0:0: listen tcp 127.0.0.1:3306: bind: address already in use",
      .portTaken(port: 3306)
    ),
    (500, "failed to bind host port 127.0.0.1:5434/tcp: address already in use", .portTaken(port: 5434)),
    (500, "some listener: address already in use", .portTaken(port: nil)),
    (
      404,
      "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
      .noFreeAddresses
    ),
    (500, "all predefined address pools have been fully subnetted", .noFreeAddresses),
    (500, "could not find free subnet from subnet pools", .noFreeAddresses),
    (409, "Container 4711 is paused, unpause the container before exec", .paused),
    (409, "cannot start a paused container, try unpause instead", .paused),
    (404, "No such container: db", .notFound(.container)),
    (404, "network n1 not found", .notFound(.network)),
    (409, "Conflict. The container name \"/db\" is already in use", .conflict),
    (404, "No such image: postgres:99", .noSuchImage),
    (403, "network x has active endpoints", .server(status: 403)),
    (500, "boom", .server(status: 500)),
  ])
  func readsStatusAndText(_ status: Int, _ message: String, _ expected: DockerError.Code) throws {
    let request = EngineRequest(.post, "/x", action: "start the container db", object: .container)
    let body = try JSONEncoder().encode(["message": message])
    let error = ErrorRecognition.error(status: status, body: body, request: request)
    #expect(error.code == expected)
    #expect(error.message == "cannot start the container db: " + message)
  }

  @Test(arguments: [DockerError.Code.noFreeAddresses, .paused])
  func saysWhatToDo(_ code: DockerError.Code) throws {
    let words = code == .paused ? "is paused, unpause it" : "address pools have been fully subnetted"
    let error = ErrorRecognition.error(status: 500, complaint: words, action: "go on", object: .network)
    #expect(error.code == code && error.suggestion?.contains("docker ") == true)
  }

  @Test(arguments: [
    ("manifest for postgres:99 not found: manifest unknown: manifest unknown", DockerError.Code.noSuchImage),
    ("docker.io/library/postgres:99: not found", .noSuchImage),
    (
      "pull access denied for nobody/x, repository does not exist or may require 'docker login'",
      .accessDenied
    ),
    ("unauthorized: authentication required", .accessDenied),
    ("toomanyrequests: You have reached your pull rate limit", .rateLimited),
    ("no matching manifest for linux/arm64/v8 in the manifest list entries", .noMatchingPlatform),
    (
      "image with reference x was found but does not match the specified platform: wanted linux/arm64",
      .noMatchingPlatform
    ),
    (
      "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
      .registryUnreachable
    ),
    (
      "media type \"application/vnd.docker.distribution.manifest.v1+prettyjws\" is no longer supported",
      .unsupportedImageFormat
    ),
    ("write /var/lib/docker/tmp/x: no space left on device", .server(status: 200)),
  ])
  func readsTheErrorsOfAPull(_ message: String, _ expected: DockerError.Code) {
    let error = ErrorRecognition.error(
      status: nil, complaint: message, action: "pull the image x", object: .image)
    #expect(error.code == expected)
  }

  @Test func anAnswerWithoutAMessageNamesTheStatus() {
    let request = EngineRequest(.get, "/x", action: "try")
    #expect(
      ErrorRecognition.error(status: 502, body: Data(), request: request).message
        == "cannot try: HTTP status 502")
  }
}
