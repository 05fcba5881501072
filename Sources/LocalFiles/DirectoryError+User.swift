import DrydockBase

extension DirectoryError: SystemErrorCarrying {
  /// The number, as in errno(3); 0 where no call failed.
  package var systemErrorNumber: Int32 { errno }
}
