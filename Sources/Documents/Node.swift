/// A value of a document with the place where it was written.
public struct Node: Sendable {
  /// What a node holds.
  public enum Value: Sendable {
    /// Nothing: an empty value, `null` or `~`.
    case null
    /// A text, a number or a truth value: which of them is for the reader to say.
    case scalar(Scalar)
    /// A list.
    case sequence([Node])
    /// Keys and values in the order of the text; keys are distinct.
    case mapping([Entry])
  }

  /// A scalar as written.
  public struct Scalar: Equatable, Sendable {
    /// The text, unquoted and unescaped.
    public let text: String
    /// Whether the text was quoted, which makes it a text whatever it looks like.
    public let isQuoted: Bool

    /// Makes a scalar.
    public init(text: String, isQuoted: Bool = false) {
      self.text = text
      self.isQuoted = isQuoted
    }
  }

  /// A key of a mapping and its value.
  public struct Entry: Sendable {
    /// The key.
    public let key: String
    /// The line of the key, from 1; nil for an override.
    public let line: Int?
    /// The column of the key, from 1; nil for an override.
    public let column: Int?
    /// The value.
    public var value: Node

    /// Makes an entry.
    public init(key: String, line: Int? = nil, column: Int? = nil, value: Node) {
      self.key = key
      self.line = line
      self.column = column
      self.value = value
    }
  }

  /// The file as the user named it, or the override that brought the value in.
  public let file: String
  /// The line, from 1; nil for an override.
  public let line: Int?
  /// The column, from 1; nil for an override.
  public let column: Int?
  /// The path from the root: `deployments[0].parallel.tensor`; empty for the root.
  public let path: String
  /// What the node holds.
  public var value: Value

  /// Makes a node.
  public init(file: String, line: Int? = nil, column: Int? = nil, path: String = "", value: Value) {
    self.file = file
    self.line = line
    self.column = column
    self.path = path
    self.value = value
  }

  /// The value under a key of a mapping; nil where there is none or the node is no mapping.
  public subscript(key: String) -> Node? { entries?.first { $0.key == key }?.value }

  /// The entries of a mapping; nil for another node.
  public var entries: [Entry]? {
    if case .mapping(let entries) = value { entries } else { nil }
  }

  /// The elements of a list; nil for another node.
  public var elements: [Node]? {
    if case .sequence(let elements) = value { elements } else { nil }
  }

  /// The scalar; nil for another node.
  public var scalar: Scalar? {
    if case .scalar(let scalar) = value { scalar } else { nil }
  }

  /// Whether the node holds nothing.
  public var isNull: Bool {
    if case .null = value { true } else { false }
  }

  /// What messages call the value: `'fast'`, `3`, `a list of 2`, `a mapping`, `nothing`.
  public var found: String {
    switch value {
    case .null: return "nothing"
    case .sequence(let elements): return elements.isEmpty ? "an empty list" : "a list of \(elements.count)"
    case .mapping(let entries): return entries.isEmpty ? "an empty mapping" : "a mapping"
    case .scalar(let scalar):
      if !scalar.isQuoted, scalar.isNumberOrTruthValue { return scalar.text }
      let short = scalar.text.count > 80 ? scalar.text.prefix(77) + "…" : scalar.text[...]
      return "'\(short)'"
    }
  }

  /// A problem at the place of this node.
  public func problem(_ message: String, allowed: String? = nil, hint: String? = nil) -> Problem {
    Problem(
      file: file, line: line, column: column, path: path, found: found, message: message, allowed: allowed,
      hint: hint)
  }

  /// The file and line for a reader: `scenario.yaml:12`, or the override.
  public var place: String { line.map { "\(file):\($0)" } ?? file }
}

extension Node.Scalar {
  /// The whole number that the text writes in decimal; nil for quoted text and anything else.
  ///
  /// A number written with a point or an exponent counts where its value is whole (`1e6`); a leading zero does
  /// not, because YAML versions disagree on what it means.
  public var int: Int? {
    guard !isQuoted, isDecimalNumber else { return nil }
    if let whole = Int(text) { return whole }
    return Double(text).flatMap { Int(exactly: $0) }
  }

  /// The finite number that the text writes in decimal; nil for quoted text and anything else.
  public var double: Double? {
    guard !isQuoted, isDecimalNumber, let number = Double(text), number.isFinite else { return nil }
    return number
  }

  /// `true` or `false`; nil for quoted text and anything else (`yes` and `on` are texts).
  public var bool: Bool? {
    guard !isQuoted else { return nil }
    switch text {
    case "true": return true
    case "false": return false
    default: return nil
    }
  }

  var isNumberOrTruthValue: Bool { double != nil || bool != nil }

  /// An optional sign, digits without a leading zero, an optional fraction, an optional exponent.
  private var isDecimalNumber: Bool {
    var rest = text.utf8[...]
    func digits() -> Int {
      let count = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !(startsWithZero && whole > 1) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
