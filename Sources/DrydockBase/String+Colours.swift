extension String {
  /// The text without the sequences by which a terminal changes colours, as the classic builder puts them around what a step
  /// writes to standard error.
  package var withoutColours: String { replacing(/\u{1B}\[[0-9;]*m/, with: "") }
}
