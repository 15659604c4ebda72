import Foundation

/// The part of JSON Schema (draft 2020-12) that the project's schemas use; a keyword that it does not know is a finding.
struct JSONSchema {
  private let root: [String: Any]

  init(_ text: String) throws {
    root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  /// Where a text is not JSON of this schema, and why; empty where it is.
  func findings(in text: String) throws -> [String] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    return Self.findings(value, root, at: "$")
  }

  private static func findings(_ value: Any, _ schema: [String: Any], at path: String) -> [String] {
    var found: [String] = []
    for keyword in schema.keys.sorted() {
      guard let rule = schema[keyword] else { continue }
      switch keyword {
      case "$schema", "title", "description": break
      case "type":
        let types = rule as? [String] ?? [rule as? String ?? ""]
        if !types.contains(where: { matches(value, $0) }) { found.append("\(path): is no \(types)") }
      case "const": if !isEqual(value, rule) { found.append("\(path): is not \(rule)") }
      case "enum":
        if !(rule as? [Any] ?? []).contains(where: { isEqual(value, $0) }) {
          found.append("\(path): is none of \(rule)")
        }
      case "minimum":
        if let number = value as? NSNumber, let least = rule as? NSNumber,
          number.doubleValue < least.doubleValue
        {
          found.append("\(path): is below \(least)")
        }
      case "minItems":
        if let list = value as? [Any], list.count < (rule as? Int ?? 0) {
          found.append("\(path): is too short")
        }
      case "required":
        guard let object = value as? [String: Any] else { break }
        found += (rule as? [String] ?? []).filter { object[$0] == nil }.map { "\(path): lacks \($0)" }
      case "properties", "additionalProperties": break
      case "items":
        guard let item = rule as? [String: Any] else { break }
        for (index, element) in (value as? [Any] ?? []).enumerated() {
          found += findings(element, item, at: "\(path)[\(index)]")
        }
      case "anyOf":
        let tries = (rule as? [[String: Any]] ?? []).map { findings(value, $0, at: path) }
        if !tries.contains(where: \.isEmpty) { found += tries.flatMap { $0 } }
      default: found.append("\(path): the schema has '\(keyword)', which is not checked")
      }
    }
    return found + findingsOfMembers(value, schema, at: path)
  }

  private static func findingsOfMembers(_ value: Any, _ schema: [String: Any], at path: String) -> [String] {
    guard let object = value as? [String: Any] else { return [] }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    return object.keys.sorted().flatMap { key -> [String] in
      guard let member = object[key] else { return [] }
      if let schema = properties[key] { return findings(member, schema, at: "\(path).\(key)") }
      switch schema["additionalProperties"] {
      case let other as [String: Any]: return findings(member, other, at: "\(path).\(key)")
      case let isAllowed as Bool where !isAllowed: return ["\(path): has \(key), which the schema has not"]
      default: return []
      }
    }
  }

  private static func matches(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": return value is [String: Any]
    case "array": return value is [Any]
    case "string": return value is String
    case "null": return value is NSNull
    case "boolean": return isBool(value)
    case "number": return value is NSNumber && !isBool(value)
    case "integer":
      guard let number = value as? NSNumber, !isBool(value) else { return false }
      return number.doubleValue == number.doubleValue.rounded()
    default: return false
    }
  }

  private static func isBool(_ value: Any) -> Bool {
    guard let number = value as? NSNumber else { return false }
    return String(cString: number.objCType) == "c"
  }

  private static func isEqual(_ a: Any, _ b: Any) -> Bool { (a as? NSObject) == (b as? NSObject) }
}
