import Foundation

/// Executables of this package, as built along with the tests.
package enum BuiltProducts {
  /// A product was not built with the tests.
  package struct Missing: Error, CustomStringConvertible {
    /// What was looked for, and where.
    package let description: String
  }

  /// The path of a built executable of that name.
  ///
  /// The test runner lies in the folder of the products, or below it in a bundle on macOS. The variable
  /// `DRYDOCK_TEST_PRODUCTS` names another folder, such as that of a release build.
  /// - Throws: `Missing` when none of the runner's parent folders holds it.
  package static func executable(_ name: String) throws -> String {
    if let folder = ProcessInfo.processInfo.environment["DRYDOCK_TEST_PRODUCTS"], !folder.isEmpty {
      let path = "\(folder)/\(name)"
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw Missing(description: "\(path) is no program; DRYDOCK_TEST_PRODUCTS names its folder")
      }
      return path
    }
    let starts = [runner] + Bundle.allBundles.map(\.bundleURL)
    for start in starts {
      var folder = start.deletingLastPathComponent()
      while folder.pathComponents.count > 1 {
        let candidate = folder.appending(path: name).path(percentEncoded: false)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
          return candidate
        }
        folder.deleteLastPathComponent()
      }
    }
    throw Missing(description: "\(name) is not beside the test runner \(runner.path(percentEncoded: false))")
  }

  private static var runner: URL {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: link ?? CommandLine.arguments[0])
  }
}
