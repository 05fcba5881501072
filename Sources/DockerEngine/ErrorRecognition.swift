import Essentials

/// The one place where the engine's error texts are read.
///
/// The API tells most failures apart only by status 404, 409 or 500 and an English sentence, so these texts
/// have to be matched somewhere. The phrases are moby's and containerd's; what matches none keeps its status.
enum ErrorRecognition {
  /// An error for an answer with a status of 400 or more.
  static func error(status: Int, body: Data, request: EngineRequest) -> DockerError {
    let text =
      (try? JSONDecoder().decode(Message.self, from: body))?.message ?? String(decoding: body, as: UTF8.self)
    let message = text.trimmed()
    let complaint = message.isEmpty ? "HTTP status \(status)" : message
    return error(status: status, complaint: complaint, action: request.action, object: request.object)
  }

  /// An error for a message of the engine, which came with a status or within a stream (status nil).
  static func error(
    status: Int?, complaint: String, action: String, object: DockerError.ObjectKind?
  ) -> DockerError {
    let text = complaint.lowercased()
    let code =
      phrases.first { $0.fits(text, object) }?.code(complaint)
      ?? code(status: status, object: object, text: text)
    return DockerError(code, "cannot \(action): \(complaint)", suggestion: suggestion(code))
  }

  private struct Message: Decodable {
    let message: String
  }

  private struct Phrase: Sendable {
    let needles: [String]
    /// Whether the phrase counts only where an image is wanted: others may say these words of other things.
    var isAboutImages = true
    let code: @Sendable (String) -> DockerError.Code

    func fits(_ text: String, _ object: DockerError.ObjectKind?) -> Bool {
      (!isAboutImages || object == .image) && needles.contains { text.contains($0) }
    }
  }

  /// The first match counts, so the narrower phrases stand first.
  private static let phrases: [Phrase] = [
    Phrase(
      needles: ["port is already allocated", "address already in use", "ports are not available"],
      isAboutImages: false
    ) { .portTaken(port: port(in: $0)) },
    Phrase(
      needles: [
        "non-overlapping ipv4 address pool", "address pools have been fully subnetted",
        "could not find free subnet",
      ], isAboutImages: false
    ) { _ in .noFreeAddresses },
    Phrase(needles: ["is paused, unpause", "paused container"], isAboutImages: false) { _ in .paused },
    Phrase(needles: [
      "no matching manifest for", "does not match the specified platform",
      "no match for platform in manifest",
      "does not provide the specified platform",
    ]) { _ in .noMatchingPlatform },
    Phrase(needles: ["manifest.v1+prettyjws", "schema version 1", "schema 1 support"]) { _ in
      .unsupportedImageFormat
    },
    Phrase(needles: ["toomanyrequests", "too many requests", "pull rate limit"]) { _ in .rateLimited },
    Phrase(needles: [
      "pull access denied", "unauthorized", "authentication required", "access to the resource is denied",
      "no basic auth credentials",
    ]) { _ in .accessDenied },
    Phrase(needles: [
      "dial tcp", "no such host", "network is unreachable", "tls handshake timeout", "i/o timeout",
      "context deadline exceeded", "client.timeout exceeded", "temporary failure in name resolution",
    ]) { _ in .registryUnreachable },
    Phrase(
      needles: ["no such image", "manifest unknown", "repository name not known"], isAboutImages: false
    ) { _ in .noSuchImage },
  ]

  private static func code(status: Int?, object: DockerError.ObjectKind?, text: String) -> DockerError.Code {
    switch (status, object) {
    case (404, .image): .noSuchImage
    case (404, let object?): .notFound(text.hasPrefix("network ") ? .network : object)
    case (409, _): .conflict
    case (let status?, _): .server(status: status)
    case (nil, .image) where text.hasSuffix("not found"): .noSuchImage
    case (nil, _): .server(status: 200)
    }
  }

  /// The host port in "Bind for 127.0.0.1:5432 failed: …", "listen tcp4 127.0.0.1:5432: bind: …" or
  /// "failed to bind host port for 127.0.0.1:5432:172.17.0.2:5432/tcp: …".
  private static func port(in text: String) -> Int? {
    text.matches(of: #/:(\d{1,5})(?: failed|: bind|\/tcp| ->|:\d)/#).first.flatMap { Int($0.1) }
  }

  private static func suggestion(_ code: DockerError.Code) -> String? {
    switch code {
    case .portTaken: "choose another port, or stop what listens there"
    case .paused: "docker unpause, with the container's name"
    case .noFreeAddresses:
      "remove networks that nobody uses any more: docker network prune; or give the engine more of them: "
        + "default-address-pools in its daemon.json"
    case .noMatchingPlatform:
      "ask for the platform linux/amd64, which the engine may emulate, or another version"
    case .unsupportedImageFormat: "choose a newer version of the image"
    case .accessDenied:
      "check the image's name; a private image has to be pulled with `docker pull` after a login"
    case .rateLimited: "wait, or log in and pull the image with `docker pull`"
    case .registryUnreachable: "connect to the network, or have the image on this machine before"
    default: nil
    }
  }
}
