/// A place inside a document: `deployments[0].parallel.tensor`.
///
/// A key with characters other than letters, digits, `_` and `-` is written `["key"]`.
public struct DocumentPath: Hashable, Sendable, CustomStringConvertible {
  /// One step down the tree.
  public enum Step: Hashable, Sendable {
    /// Into a mapping.
    case key(String)
    /// Into a list, from 0.
    case index(Int)
  }

  /// The steps from the root.
  public let steps: [Step]

  /// Makes a path from its steps.
  public init(_ steps: [Step]) { self.steps = steps }

  /// Reads a path as `description` writes it; nil where the text is empty or malformed.
  public init?(_ text: String) {
    var steps: [Step] = []
    var rest = text[...]
    while !rest.isEmpty {
      if rest.hasPrefix("[\"") {
        guard let end = rest.firstRange(of: "\"]") else { return nil }
        let key = rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound]
        guard !key.isEmpty else { return nil }
        steps.append(.key(String(key)))
        rest = rest[end.upperBound...]
      } else if rest.first == "[" {
        let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
        let after = rest.dropFirst(digits.count + 1)
        guard let index = Int(digits), after.first == "]" else { return nil }
        steps.append(.index(index))
        rest = after.dropFirst()
      } else {
        if !steps.isEmpty {
          guard rest.first == "." else { return nil }
          rest.removeFirst()
        }
        let key = rest.prefix(while: Self.isPlain)
        guard !key.isEmpty else { return nil }
        steps.append(.key(String(key)))
        rest = rest.dropFirst(key.count)
      }
    }
    guard !steps.isEmpty else { return nil }
    self.steps = steps
  }

  /// The path as text; empty for the root.
  public var description: String { steps.reduce("") { Self.join($0, $1) } }

  /// The text of a path one step further down.
  static func join(_ path: String, _ step: Step) -> String {
    switch step {
    case .index(let index): return path + "[\(index)]"
    case .key(let key):
      guard !key.isEmpty, key.allSatisfy(isPlain) else { return path + "[\"\(key)\"]" }
      return path.isEmpty ? key : path + "." + key
    }
  }

  private static func isPlain(_ character: Character) -> Bool {
    character == "_" || character == "-" || character.isLetter || (character.isASCII && character.isNumber)
  }
}
