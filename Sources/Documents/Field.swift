import Quantities

/// One value of a document on its way to a type: each accessor returns the value, or records why not and returns nil.
///
/// A field that is not there returns nil from every accessor and records nothing; `MappingReader.required` has done so.
public struct Field {
  /// The value; nil where the key is missing or its value is null.
  public let node: Node?
  /// The path, also where there is no value.
  public let path: String
  /// Where problems go.
  public let problems: ProblemCollector

  /// Makes a field of a value that was found some other way.
  public init(_ node: Node, problems: ProblemCollector) {
    self.init(node: node, path: node.path, problems: problems)
  }

  init(node: Node?, path: String, problems: ProblemCollector) {
    self.node = node
    self.path = path
    self.problems = problems
  }

  /// Whether there is a value.
  public var isPresent: Bool { node != nil }

  /// Records a problem of the caller's own finding at the place of this value.
  public func reject(_ message: String, allowed: String? = nil, hint: String? = nil) {
    if let node { problems.record(node.problem(message, allowed: allowed, hint: hint)) }
  }

  /// A text: any single value as written, also one that looks like a number (`version: 1.10`).
  public func string() -> String? {
    guard let node else { return nil }
    guard let scalar = node.scalar else {
      reject("a text is needed")
      return nil
    }
    guard !scalar.text.isEmpty else {
      reject("an empty text is not allowed")
      return nil
    }
    return scalar.text
  }

  /// A whole number; `1e6` is one, `"8"` in quotes and `010` are not.
  public func int(in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    guard let node else { return nil }
    let allowed = Self.allowed(range.lowerBound, range.upperBound, none: (Int.min, Int.max))
    guard let value = node.scalar?.int else {
      reject("a whole number is needed", allowed: allowed, hint: quotesHint)
      return nil
    }
    guard range.contains(value) else {
      reject("out of range", allowed: allowed)
      return nil
    }
    return value
  }

  /// A finite number.
  public func double(in range: ClosedRange<Double> = -Double.infinity...Double.infinity) -> Double? {
    guard let node else { return nil }
    let allowed = Self.allowed(range.lowerBound, range.upperBound, none: (-.infinity, .infinity))
    guard let value = node.scalar?.double else {
      reject("a number is needed", allowed: allowed, hint: quotesHint)
      return nil
    }
    guard range.contains(value) else {
      reject("out of range", allowed: allowed)
      return nil
    }
    return value
  }

  /// `true` or `false`.
  public func bool() -> Bool? {
    guard let node else { return nil }
    guard let value = node.scalar?.bool else {
      let words = ["yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"]
      let word = node.scalar.flatMap { words[$0.text.lowercased()] ?? $0.text.lowercased() }
      let hint = word.flatMap { ["true", "false"].contains($0) ? "write \($0)" : nil }
      reject("true or false is needed", hint: hint)
      return nil
    }
    return value
  }

  /// A quantity with its unit (`8 TB/s`), inside a range and above an exclusive bound where given.
  public func quantity<Q: Quantity>(_ kind: Q.Type, in range: ClosedRange<Q>? = nil, above bound: Q? = nil)
    -> Q?
  {
    guard let node else { return nil }
    guard let scalar = node.scalar else {
      reject("\(Q.kindWithArticle) is needed", hint: "for example '8 \(Q.units.first?.symbol ?? "")'")
      return nil
    }
    let value: Q
    do {
      value = try Q.parse(scalar.text)
    } catch {
      problems.record(
        Problem(
          file: node.file, line: node.line, column: node.column, path: node.path, found: "'\(error.found)'",
          message: "which \(error.reason)", hint: error.hint))
      return nil
    }
    if let range, !range.contains(value) {
      reject(
        "out of range",
        allowed: Self.allowed(range.lowerBound, range.upperBound, none: (nil, Q(si: .infinity))))
      return nil
    }
    if let bound, value <= bound {
      reject("out of range", allowed: "more than \(bound)")
      return nil
    }
    return value
  }

  /// One of some names; anything else is a problem that lists them and the nearest one.
  public func choice(_ names: [String]) -> String? {
    guard let node else { return nil }
    guard let text = node.scalar?.text, names.contains(text) else {
      let nearest = node.scalar.flatMap { nearestName(to: $0.text, among: names) }
      reject(
        node.scalar == nil ? "a name is needed" : "not a known name", allowed: names.joined(separator: ", "),
        hint: nearest.map { "did you mean '\($0)'?" })
      return nil
    }
    return text
  }

  /// One case of an enumeration of names.
  public func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    choice(Choice.allCases.map(\.rawValue)).flatMap { Choice(rawValue: $0) }
  }

  /// The elements of a list.
  public func list() -> [Field]? {
    guard let node else { return nil }
    guard let elements = node.elements else {
      reject("a list is needed", hint: node.scalar.map { "write [\($0.text)]" })
      return nil
    }
    return elements.map { Field($0, problems: problems) }
  }

  /// The elements of a list, each read by `element`; those that are wrong are recorded and left out.
  public func list<Element>(_ element: (Field) -> Element?) -> [Element]? { list()?.compactMap(element) }

  /// A reader of the mapping under this key.
  public func mapping() -> MappingReader? {
    guard let node else { return nil }
    let reader = MappingReader(node, problems: problems)
    return node.entries == nil ? nil : reader
  }

  private var quotesHint: String? {
    guard let scalar = node?.scalar, scalar.isQuoted else { return nil }
    let bare = Node.Scalar(text: scalar.text)
    return bare.double == nil ? nil : "write it without quotes"
  }

  private static func allowed<Value: Comparable>(_ low: Value, _ high: Value, none: (Value?, Value?))
    -> String?
  {
    switch (low == none.0, high == none.1) {
    case (true, true): nil
    case (true, false): "at most \(high)"
    case (false, true): "at least \(low)"
    case (false, false): low == high ? "only \(low)" : "\(low) to \(high)"
    }
  }
}
