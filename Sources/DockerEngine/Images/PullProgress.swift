/// How far a pull has come.
package struct PullProgress: Sendable, Hashable {
  /// The share of the work done, from 0 to 100, never falling; nil before any layer is known.
  ///
  /// A layer counts by its bytes, 70 of 100 for its download and the rest for its extraction.
  package let percent: Double?
  /// Layers that are done.
  package let layersDone: Int
  /// Layers that are known of.
  package let layers: Int
  /// What the engine said last.
  package let status: String
}

/// One line of the stream that a pull answers with.
struct PullEvent: Decodable {
  let status: String?
  let id: String?
  let progressDetail: Detail?
  let error: String?
  let errorDetail: ErrorDetail?

  struct Detail: Decodable {
    let current: Int?
    let total: Int?
  }

  struct ErrorDetail: Decodable {
    let message: String?
  }

  var complaint: String? { errorDetail?.message ?? error }
}

/// Adds up the layers of a pull.
struct PullAggregate: Sendable {
  private struct Layer {
    var bytes: Double?
    var share = 0.0
  }

  private static let downloadShare = 0.7
  private var layers: [String: Layer] = [:]
  private var highest = 0.0

  /// Takes the next event and returns how far the pull has come with it.
  mutating func take(_ event: PullEvent) -> PullProgress {
    let status = event.status ?? ""
    if let id = event.id, let share = share(status, event.progressDetail) {
      var layer = layers[id] ?? Layer()
      layer.share = max(layer.share, share)
      if status == "Downloading", let total = event.progressDetail?.total, total > 0 {
        layer.bytes = Double(total)
      }
      layers[id] = layer
    }
    return PullProgress(
      percent: percent(), layersDone: layers.values.count { $0.share >= 1 }, layers: layers.count,
      status: status)
  }

  /// A layer's share after an event; nil for events that are not about a layer.
  private func share(_ status: String, _ detail: PullEvent.Detail?) -> Double? {
    let part = detail?.total.flatMap { $0 > 0 ? min(1, Double(detail?.current ?? 0) / Double($0)) : nil } ?? 0
    return switch status {
    case "Pulling fs layer", "Waiting", "Retrying": 0
    case "Downloading": part * Self.downloadShare
    case "Verifying Checksum", "Download complete": Self.downloadShare
    case "Extracting": Self.downloadShare + part * (1 - Self.downloadShare)
    case "Pull complete", "Already exists": 1
    default: nil
    }
  }

  private mutating func percent() -> Double? {
    guard !layers.isEmpty else { return nil }
    let known = layers.values.compactMap(\.bytes)
    let usual = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
    let whole = layers.values.reduce(0) { $0 + ($1.bytes ?? usual) }
    let done = layers.values.reduce(0) { $0 + ($1.bytes ?? usual) * $1.share }
    highest = max(highest, 100 * done / whole)
    return highest
  }
}
