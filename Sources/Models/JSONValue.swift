import Foundation

/// A JSON value that can be compared and shown.
enum JSONValue: Sendable, Equatable, Decodable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      var members: [String: JSONValue] = [:]
      for key in container.allKeys {
        members[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
      }
      self = .object(members)
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var items: [JSONValue] = []
      while !container.isAtEnd { items.append(try container.decode(JSONValue.self)) }
      self = .array(items)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else {
      self = .string(try container.decode(String.self))
    }
  }

  /// Parses a JSON object, and says in words why it can't.
  ///
  /// `Infinity` and `NaN` are read too: Python writes them, and Nemotron's configurations hold them.
  static func object(from data: Data, file: String) throws(ModelError) -> [String: JSONValue] {
    guard data.contains(where: { !" \t\r\n".utf8.contains($0) }) else { throw .emptyFile(file: file) }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let value: JSONValue
    do {
      value = try decoder.decode(JSONValue.self, from: data)
    } catch let error as DecodingError {
      throw .notJSON(file: file, reason: Self.reason(error))
    } catch {
      throw .notJSON(file: file, reason: "\(error)")
    }
    guard case .object(let members) = value else {
      throw .notJSON(file: file, reason: "the top level is \(value.summary)")
    }
    return members
  }

  private static func reason(_ error: DecodingError) -> String {
    guard case .dataCorrupted(let context) = error else { return "\(error)" }
    guard let cause = context.underlyingError as NSError?,
      let detail = cause.userInfo["NSDebugDescription"] as? String
    else { return context.debugDescription }
    return detail
  }

  /// The value as a message shows it, shortened.
  var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "'\(value.prefix(60))'"
    case .array(let items): "an array of \(items.count)"
    case .object(let members): "an object with \(members.count) keys"
    }
  }

  /// Whether the value switches a feature off: null, false, 0, or nothing inside.
  var isOff: Bool {
    switch self {
    case .null, .bool(false), .integer(0): true
    case .number(let value): value == 0
    case .string(let value): value.isEmpty
    case .array(let items): items.allSatisfy(\.isOff)
    case .object(let members): members.isEmpty
    default: false
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
