/// The candidate that a misspelt word most likely means, for "did you mean".
/// - Parameters:
///   - word: What was written; case does not count.
///   - candidates: What could have been meant.
/// - Returns: The candidate with the fewest edits (insert, delete, replace, swap neighbours), the first of
///   equals; nil where even that is too far to be a slip: more than a third of the word, at least one edit.
package func nearest(to word: String, in candidates: [String]) -> String? {
  let limit = max(1, min(word.count, 60) / 3)
  let letters = Array(word.lowercased().prefix(60))
  var best: (candidate: String, distance: Int)?
  for candidate in candidates.prefix(nearestLimit) {
    let distance = editDistance(letters, Array(candidate.lowercased().prefix(60)))
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.candidate
}

/// More candidates than a file made by hand has; the rest is not looked at, which bounds the time.
let nearestLimit = 1000

/// The optimal string alignment distance of two words.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for row in 1...left.count {
    var current = [row]
    for column in 1...right.count {
      let isSame = left[row - 1] == right[column - 1]
      var cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (isSame ? 0 : 1))
      if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
        cost = min(cost, beforePrevious[column - 2] + 1)
      }
      current.append(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}
