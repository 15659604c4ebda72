/// How far a figure of the catalogue can be trusted, best first.
public enum Confidence: String, CaseIterable, Hashable, Sendable {
  /// The vendor's data sheet for this product.
  case datasheet
  /// Another publication of the vendor or of who built the system: a guide, a submission, a device query.
  case vendor
  /// Someone else's publication.
  case press
  /// Computed from other figures; the source says how.
  case derived
  /// Nobody published it; the source says what was assumed and why.
  case assumed
  /// The user's own value, in a scenario file or an override.
  case scenario
}

/// One figure of a system with where it comes from.
public struct Figure: Hashable, Sendable {
  /// The path inside the system: `accelerator.memory_bandwidth`.
  public let path: String
  /// The value as written: `8 TB/s`.
  public let value: String
  /// Where the value comes from.
  public let source: String
  /// How far it can be trusted.
  public let confidence: Confidence
  /// What a reader should know beside the value; nil where nothing.
  public let note: String?

  /// Makes a figure.
  public init(path: String, value: String, source: String, confidence: Confidence, note: String? = nil) {
    self.path = path
    self.value = value
    self.source = source
    self.confidence = confidence
    self.note = note
  }
}
