/// A JSON value that always prints as the same bytes: members keep their order, numbers their shortest exact form.
public indirect enum JSONValue: Sendable {
  /// Members in the order in which they print; keys are the caller's to keep distinct.
  case object([(String, JSONValue)])
  /// A list.
  case array([JSONValue])
  /// A text.
  case string(String)
  /// A whole number.
  case int(Int)
  /// A number; one that is not finite prints as `null`, because JSON has no other word for it.
  case double(Double)
  /// `true` or `false`.
  case bool(Bool)
  /// Nothing.
  case null

  /// The value as JSON text without a newline at the end.
  ///
  /// With `indent` > 0 every member and element stands on its own line; with 0 the text is one line. Doubles print
  /// as the shortest decimal that reads back as the same bits (`0.1`, `3.0`, `1e-09`).
  public func text(indent: Int = 2) -> String {
    var out = ""
    write(to: &out, indent: indent, depth: 0)
    return out
  }

  /// The value under a key of an object; nil where there is none or the value is no object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.0 == key }?.1
  }

  /// `value`, or null for nil.
  public static func optional(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }

  private func write(to out: inout String, indent: Int, depth: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += String(value)
    case .double(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &out)
    case .array(let elements):
      Self.writeList(elements, "[", "]", to: &out, indent: indent, depth: depth) { element, out in
        element.write(to: &out, indent: indent, depth: depth + 1)
      }
    case .object(let members):
      Self.writeList(members, "{", "}", to: &out, indent: indent, depth: depth) { member, out in
        Self.write(member.0, to: &out)
        out += indent > 0 ? ": " : ":"
        member.1.write(to: &out, indent: indent, depth: depth + 1)
      }
    }
  }

  private static func writeList<Item>(
    _ items: [Item], _ open: String, _ close: String, to out: inout String, indent: Int, depth: Int,
    item write: (Item, inout String) -> Void
  ) {
    out += open
    for (index, item) in items.enumerated() {
      if index > 0 { out += "," }
      if indent > 0 { out += "\n" + String(repeating: " ", count: indent * (depth + 1)) }
      write(item, &out)
    }
    if indent > 0, !items.isEmpty { out += "\n" + String(repeating: " ", count: indent * depth) }
    out += close
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{C}": out += "\\f"
      case "\u{0}"..."\u{1F}", "\u{7F}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

extension JSONValue: Equatable {
  /// Whether two values print alike: members compare in order.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let x), .bool(let y)): x == y
    case (.int(let x), .int(let y)): x == y
    case (.double(let x), .double(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)): x.elementsEqual(y) { $0.0 == $1.0 && $0.1 == $1.1 }
    default: false
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Null.
  public init(nilLiteral: ()) { self = .null }
  /// A list.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object whose members keep the order of the literal.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements) }
}

extension Node {
  /// The node as JSON: unquoted numbers and truth values keep their type, every other scalar is a text.
  public var json: JSONValue {
    switch value {
    case .null: .null
    case .sequence(let elements): .array(elements.map(\.json))
    case .mapping(let entries): .object(entries.map { ($0.key, $0.value.json) })
    case .scalar(let scalar):
      if let bool = scalar.bool {
        .bool(bool)
      } else if scalar.double != nil, let int = Int(scalar.text) {
        .int(int)
      } else if let double = scalar.double {
        .double(double)
      } else {
        .string(scalar.text)
      }
    }
  }
}
