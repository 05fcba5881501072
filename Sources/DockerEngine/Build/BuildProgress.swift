import DrydockBase
import Essentials

/// One line of the stream that a build answers with.
struct BuildLine: Decodable {
  /// What the classic builder writes.
  let stream: String?
  /// An event of a pull.
  let pull: PullEvent
  let code: Int?
  let id: String?
  /// The image's id.
  let image: String?
  /// What BuildKit tells: a message of its protocol in base64.
  let trace: String?

  private enum CodingKeys: String, CodingKey { case stream, errorDetail, id, aux }
  private struct ErrorDetail: Decodable { let code: Int? }
  private struct Image: Decodable {
    let id: String
    enum CodingKeys: String, CodingKey { case id = "ID" }
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    pull = try PullEvent(from: decoder)
    stream = try values.decodeIfPresent(String.self, forKey: .stream)
    code = try values.decodeIfPresent(ErrorDetail.self, forKey: .errorDetail)?.code
    id = try values.decodeIfPresent(String.self, forKey: .id)
    image = (try? values.decodeIfPresent(Image.self, forKey: .aux))?.id
    trace = id == "moby.buildkit.trace" ? try values.decodeIfPresent(String.self, forKey: .aux) : nil
  }
}

/// Makes events of what the builders tell.
struct BuildProgress: Sendable {
  private(set) var imageID: String?
  private var pull = PullAggregate()
  private var step: BuildStep?
  private var trace = BuildKitProgress()

  mutating func take(_ line: BuildLine) throws -> [BuildEvent] {
    if let complaint = line.pull.complaint { throw Self.failure(complaint, line.code) }
    imageID = line.image ?? imageID
    if let encoded = line.trace {
      guard let message = Data(base64Encoded: encoded) else { throw BuildKitStatus.malformed }
      return trace.take(try BuildKitStatus(Array(message)))
    }
    if let text = line.stream { return take(text) }
    guard let status = line.pull.status else { return [] }
    let isOver = line.pull.progressDetail?.total == nil
    let text = isOver ? [BuildEvent.text((line.id.map { "\($0): " } ?? "") + status + "\n")] : []
    return [.pull(pull.take(line.pull))] + text
  }

  private mutating func take(_ text: String) -> [BuildEvent] {
    if let match = text.prefixMatch(of: #/Step (\d{1,6})/(\d{1,6}) : (.*)/#), let number = Int(match.1),
      let total = Int(match.2)
    {
      let next = BuildStep(number: number, total: total, instruction: String(match.3))
      step = next
      return [.step(next), .text(text)]
    }
    guard let step, text.beginsExactly(with: " ---> Using cache") else { return [.text(text)] }
    return [.cached(step), .text(text)]
  }

  private static func failure(_ complaint: String, _ code: Int?) -> DockerError {
    let exit = code.flatMap { $0 == 0 ? nil : $0 } ?? exitCode(in: complaint)
    if let exit { return DockerError(.buildFailed(exit: exit), complaint) }
    let known = ErrorRecognition.error(
      status: nil, complaint: complaint, action: "build the image", object: .image)
    if case .server = known.code { return DockerError(.buildFailed(exit: nil), complaint) }
    return known
  }

  /// The code in "executor failed running […]: exit code: 2" and "… did not complete successfully: exit code: 2".
  private static func exitCode(in complaint: String) -> Int? {
    complaint.firstMatch(of: #/exit code: (\d{1,3})\s*$/#).flatMap { Int($0.1) }
  }
}
