import Documents
import Foundation
import Scenario

/// The root of the package, from this file's own place.
let packageRoot = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The path of a scenario that ships with the program.
func shippedPath(_ name: String) -> String { packageRoot.appendingPathComponent("scenarios/" + name).path }

/// The catalogue that comes with the program, loaded once.
enum Catalogue {
  static let shared = Result { () throws(Problems) in try ScenarioCatalogue.load() }
}
