extension JSONValue {
  /// Reads JSON text; what ``text(indent:)`` wrote prints as the same bytes again.
  ///
  /// A number without fraction and exponent becomes an `int` where one holds it, any other a `double`.
  /// - Parameter text: one JSON value, with white space around it or not.
  /// - Throws: ``JSONSyntaxError`` at the first byte that JSON has no place for.
  public init(parsing text: String) throws(JSONSyntaxError) {
    var parser = JSONParser(text)
    self = try parser.document()
  }
}

/// Text that is not JSON.
public struct JSONSyntaxError: Error, Equatable, Sendable {
  /// Bytes before the one that has no place there.
  public var offset: Int
}

/// A recursive descent over bytes (RFC 8259).
private struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  /// Deeper nesting than any result has; recursion must end somewhere.
  private static let deepest = 512

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure }
    return value
  }

  private var failure: JSONSyntaxError { JSONSyntaxError(offset: position) }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
  }

  private mutating func take(_ byte: Character) -> Bool {
    guard let wanted = byte.asciiValue, next == wanted else { return false }
    position += 1
    return true
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    for byte in "\(word)".utf8 {
      guard next == byte else { throw failure }
      position += 1
    }
    return value
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth < Self.deepest else { throw failure }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [(String, JSONValue)] = []
    skipSpace()
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure }
      let key = try string()
      skipSpace()
      guard take(":") else { throw failure }
      members.append((key, try value(depth: depth + 1)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure }
    return .array(elements)
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    while let byte = next, byte < 0x80, "+-.eE0123456789".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let int = Int(text), text.first != "+" { return .int(int) }
    guard let double = Double(text), double.isFinite, text.first != "+" else {
      position = start
      throw failure
    }
    return .double(double)
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        text += try escaped()
      case 0..<0x20: throw failure
      default:
        text.append(byte)
        position += 1
      }
    }
    throw failure
  }

  private mutating func escaped() throws(JSONSyntaxError) -> [UInt8] {
    guard let byte = next else { throw failure }
    let simple: [(Character, UInt8)] = [
      ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("n", 0x0A), ("r", 0x0D), ("t", 0x09), ("b", 0x08),
      ("f", 0x0C),
    ]
    if let known = simple.first(where: { $0.0.asciiValue == byte }) {
      position += 1
      return [known.1]
    }
    guard take("u") else { throw failure }
    var code = try hex()
    if (0xD800..<0xDC00).contains(code) {
      guard take("\\"), take("u") else { throw failure }
      let low = try hex()
      guard (0xDC00..<0xE000).contains(low) else { throw failure }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure }
    return Array(String(scalar).utf8)
  }

  private mutating func hex() throws(JSONSyntaxError) -> UInt32 {
    guard position + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure }
    position += 4
    return code
  }
}
