/// Which replicas a run keeps a timeline of.
public struct TimelinePlan: Sendable, Equatable {
  /// Numbers of replicas within each deployment; those of a prefill pool come first.
  public var replicas: Range<Int>

  /// A plan; see the property.
  public init(replicas: Range<Int>) { self.replicas = replicas }

  /// Spans that one deployment keeps at most; what comes later is left out.
  public static let mostSpans = 2_000_000
}

/// A stretch of time of one replica.
public struct TimelineSpan: Sendable, Equatable {
  /// What took place.
  public enum Kind: Sendable, Equatable {
    /// Engine steps over one batch: how many, requests that decode, prompt tokens worked on.
    case steps(count: Int32, decoding: Int32, promptTokens: Int32)
    /// A KV cache on its way to this replica: prompt tokens, and the replica that it comes from.
    case transfer(tokens: Int32, source: Int32)
  }

  /// The replica's number.
  public var replica: Int32
  /// What took place.
  public var kind: Kind
  /// When it began.
  public var start: SimTime
  /// When it ended.
  public var end: SimTime
  /// Energy above idle of its accelerators in the meantime, in microjoules; 0 of a transfer.
  public var microjoules: Int64
}
