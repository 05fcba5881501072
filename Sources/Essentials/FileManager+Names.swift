extension FileManager {
  /// The names in a folder; none where there is no such folder, or it cannot be read: for what is listed, looked through or
  /// swept, where that is as good as empty. What must not take the one for the other asks `Folder.names`.
  package func readableNames(in folder: String) -> [String] {
    (try? contentsOfDirectory(atPath: folder)) ?? []
  }
}
