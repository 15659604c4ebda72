import Documents
import Foundation

extension ProblemCollector {
  /// Records a problem at a path below a node, at the place of the deepest value on the way.
  ///
  /// Where the path holds a single value, that is what was found; else `found` says it.
  func record(
    below node: Node, at path: [String], found: String, message: String, allowed: String? = nil,
    hint: String? = nil
  ) {
    var place = node
    var depth = 0
    while depth < path.count, let next = place[path[depth]] {
      place = next
      depth += 1
    }
    let isThere = depth == path.count && place.scalar != nil
    record(
      Problem(
        file: place.file, line: place.line, column: place.column,
        path: path[depth...].reduce(place.path) { $0.isEmpty ? $1 : $0 + "." + $1 },
        found: isThere ? place.found : found, message: message, allowed: allowed, hint: hint))
  }
}

/// Turns the paths that a scenario names into paths to open.
struct PathBase {
  /// The scenario file as the user named it.
  let scenarioFile: String

  /// The path in a field: from the scenario's folder, or, in an override, from the working directory.
  func path(_ field: Field) -> String? {
    guard let text = field.string(), let node = field.node else { return nil }
    return path(text, writtenIn: node)
  }

  func path(_ text: String, writtenIn node: Node) -> String {
    guard node.file == scenarioFile, !text.hasPrefix("/") else { return text }
    let folder = (scenarioFile as NSString).deletingLastPathComponent
    return folder.isEmpty ? text : (folder as NSString).appendingPathComponent(text)
  }
}

/// A number for a reader: whole where it is whole.
func plain(_ value: Double) -> String {
  if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
  return "\(value)"
}

/// A count of bytes in GB with one decimal, which budgets that must add up keep.
func gigabytes(_ bytes: Double) -> String {
  let tenths = (bytes / 1e8).rounded()
  return "\(tenths / 10) GB"
}
