/// Why a text is not a quantity of the kind that was asked for.
public struct QuantityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text as found.
  public let found: String
  /// What is wrong, as the rest of a sentence that begins with the text: `has no unit; a bandwidth needs one of …`.
  public let reason: String
  /// What to write instead, where that is known: `for example '8 GB/s'`.
  public let hint: String?

  /// Makes an error from its parts.
  public init(found: String, reason: String, hint: String? = nil) {
    self.found = found
    self.reason = reason
    self.hint = hint
  }

  /// The whole sentence: `'8' has no unit; a bandwidth needs one of B/s, …; for example '8 GB/s'`.
  public var description: String { "'\(found)' \(reason)" + (hint.map { "; \($0)" } ?? "") }
}
