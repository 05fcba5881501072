import ConvoxManifest
import Foundation
import Testing

/// The types of these tests, of which one has no variables.
let testCatalog = ResourceCatalog([ResourceType(name: "efs", options: [], hasVariables: false)])

/// Says that a case of a test was not tried, which a cancelled case does not show.
func skip(_ reason: String) {
  Issue.record("\(reason): not tried", severity: .warning)
}
