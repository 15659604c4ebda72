import Documents
import Foundation
import Quantities

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

extension Field {
  /// Records a problem of a whole section, whose contents need no repeating.
  func refuse(_ message: String, allowed: String? = nil, hint: String? = nil) {
    guard let node else { return }
    var problem = node.problem(message, allowed: allowed, hint: hint)
    problem.found = ""
    problems.record(problem)
  }

  /// A reader of an element of a list, which, unlike a key, can't be left empty.
  func elementMapping() -> MappingReader? {
    if node?.isNull == true { reject("a mapping (key: value) is needed") }
    return mapping()
  }

  /// A share, more than 0 and at most 1: `0.9` or `90 %`.
  func share() -> Double? {
    guard let share = quantity(Ratio.self) else { return nil }
    guard share.si > 0, share.si <= 1 else {
      reject("out of range", allowed: "more than 0, up to 1 (or 100 %)")
      return nil
    }
    return share.si
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

/// A number of things: `1 rack`, `2 racks`.
func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }

/// A count of bytes in GB with one decimal, which budgets that must add up keep.
func gigabytes(_ bytes: Double) -> String {
  let tenths = (bytes / 1e8).rounded()
  return "\(tenths / 10) GB"
}
